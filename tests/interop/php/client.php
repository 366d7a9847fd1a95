<?php
// PHP's SoapClient, made from our WSDL file, with the helper of the quick start.
// Run as: php client.php NETWORK_JSON CASE_JSON; the folder of the contract is in WSDL.

declare(strict_types=1);

require __DIR__ . '/../../../docs/quickstart/signed-soap-client.php';

function outcome(DOMElement $content): array
{
    $texts = [];
    foreach ((new DOMXPath($content->ownerDocument))->query('.//text()[normalize-space()]', $content) as $text) {
        $texts[] = $text->data;
    }
    $code = $content->getElementsByTagName('faultcode')[0] ?? null;
    return ['verified' => true, 'answer' => $content->localName, 'texts' => $texts, 'fault' => $code?->textContent];
}

function notices_damage(string $raw, string $certificate): bool
{
    $at = strrpos(substr($raw, 0, strpos($raw, 'RelatesTo>')), '</') - 1;
    $raw[$at] = chr(ord($raw[$at]) ^ 1);
    parsed($raw); // still well-formed: nothing but a signature can tell
    try {
        verified($raw, $certificate);
        return false;
    } catch (Exception) {
        return true;
    }
}

[$network, $case] = array_map(fn ($file) => json_decode(file_get_contents($file), true), array_slice($argv, 1, 2));
$systems = array_column($network['systems'], null, 'id');
$target = $systems[$case['target']];
$url = $target['services'][$case['service']]['url'];
$certificate = file_get_contents($target['signing']['certificate']);
$wsdl = getenv('WSDL') . "/{$case['service']}-1.wsdl";
$client = new SignedSoapClient($wsdl, $systems[$case['caller']], $target, $network['trust'], $url);
$client->__soapCall($case['operation'], [$case['values']]);
[$request, $good] = [$client->sent, $client->got];
$client->alter = fn (string $message) => str_replace($case['spoil'][0], $case['spoil'][1], $message);
try {
    $client->__soapCall($case['operation'], [$case['values']]);
} catch (SoapFault) {
    // what it says is read below
}
echo json_encode([
    'version' => PHP_VERSION,
    'good' => outcome(verified($good, $certificate, $request)),
    'spoilt' => outcome(verified($client->got, $certificate)),
    'damage_noticed' => notices_damage($good, $certificate),
], JSON_UNESCAPED_UNICODE), "\n";
