<?php
// A SoapClient that signs what it sends and verifies what comes back before PHP reads it, with DOM and OpenSSL.
// Needs the extensions dom, openssl and soap.

declare(strict_types=1);

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const WSA = 'http://www.w3.org/2005/08/addressing';
const OASIS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
const WSSE = OASIS . '-wssecurity-secext-1.0.xsd';
const WSU = OASIS . '-wssecurity-utility-1.0.xsd';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const X509 = OASIS . '-x509-token-profile-1.0#X509v3';

function parsed(string $raw): DOMXPath
{
    $document = new DOMDocument();
    if (!$document->loadXML($raw, LIBXML_NONET)) {
        throw new Exception('no XML');
    }
    $path = new DOMXPath($document);
    foreach (['s' => SOAP, 'a' => WSA, 'w' => WSSE, 'u' => WSU, 'd' => DS] as $prefix => $namespace) {
        $path->registerNamespace($prefix, $namespace);
    }
    return $path;
}

function bare(string $pem): string
{
    return preg_replace('/-----[^-]+-----|\s/', '', $pem);
}

// ECDSA: OpenSSL speaks DER, XML Signature r and s side by side (32 bytes each with P-256).
function from_der(string $der): string
{
    $one = ord($der[3]);
    $parts = [substr($der, 4, $one), substr($der, 6 + $one)];
    return implode('', array_map(fn ($part) => str_pad(ltrim($part, "\0"), 32, "\0", STR_PAD_LEFT), $parts));
}

function to_der(string $value): string
{
    $number = function (string $part): string {
        $part = ltrim($part, "\0");
        $part = ord($part[0]) > 127 ? "\0" . $part : $part;
        return "\x02" . chr(strlen($part)) . $part;
    };
    $inner = $number(substr($value, 0, 32)) . $number(substr($value, 32));
    return "\x30" . chr(strlen($inner)) . $inner;
}

final class SignedSoapClient extends SoapClient
{
    public string $sent = '';
    public string $got = '';
    public ?Closure $alter = null; // for tests: what happens to a message on its way

    // $me and $target are entries of network.json's systems.
    public function __construct(string $wsdl, private array $me, private array $target, private array $trust, private string $url)
    {
        parent::__construct($wsdl, ['location' => $url, 'soap_version' => SOAP_1_1, 'cache_wsdl' => WSDL_CACHE_NONE]);
    }

    public function __doRequest(string $request, string $location, string $action, int $version, bool $oneWay = false): ?string
    {
        $this->sent = $this->signed($request, $action);
        $this->got = $this->post($this->alter ? ($this->alter)($this->sent) : $this->sent, $action);
        verified($this->got, file_get_contents($this->target['signing']['certificate']), $this->alter ? null : $this->sent);
        return $this->got;
    }

    private function signed(string $request, string $action): string
    {
        $path = parsed($request);
        $document = $path->document;
        $body = $path->query('/s:Envelope/s:Body')[0];
        $body->setAttributeNS(WSU, 'u:Id', 'body');
        $at = fn (int $seconds) => gmdate('Y-m-d\TH:i:s\Z', time() + $seconds);
        $id = 'urn:uuid:' . vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex(random_bytes(16)), 4));
        $header = $document->createDocumentFragment();
        $header->appendXML(
            '<s:Header xmlns:s="' . SOAP . '" xmlns:a="' . WSA . '" xmlns:w="' . WSSE . '" xmlns:u="' . WSU . '">'
            . "<a:To u:Id=\"to\">{$this->url}</a:To><a:Action u:Id=\"action\">$action</a:Action>"
            . "<a:MessageID u:Id=\"id\">$id</a:MessageID><w:Security s:mustUnderstand=\"1\"><w:BinarySecurityToken "
            . 'EncodingType="' . OASIS . '-soap-message-security-1.0#Base64Binary" ValueType="' . X509 . '" u:Id="token">'
            . bare(file_get_contents($this->me['signing']['certificate'])) . '</w:BinarySecurityToken><u:Timestamp u:Id="time">'
            . "<u:Created>{$at(0)}</u:Created><u:Expires>{$at(300)}</u:Expires></u:Timestamp></w:Security></s:Header>"
        );
        $body->parentNode->insertBefore($header, $body);
        $key = openssl_pkey_get_private(file_get_contents($this->me['signing']['key']));
        $rsa = openssl_pkey_get_details($key)['type'] === OPENSSL_KEYTYPE_RSA;
        $references = '';
        foreach (['to', 'action', 'id', 'token', 'time', 'body'] as $part) {
            $digest = base64_encode(hash('sha256', $path->query("//*[@u:Id='$part']")[0]->C14N(true, false), true));
            $references .= "<Reference URI=\"#$part\"><Transforms><Transform Algorithm=\"" . EXCLUSIVE . '"/></Transforms>'
                . '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue>' . $digest
                . '</DigestValue></Reference>';
        }
        $signature = $document->createDocumentFragment();
        $signature->appendXML(
            '<Signature xmlns="' . DS . '"><SignedInfo><CanonicalizationMethod Algorithm="' . EXCLUSIVE . '"/><SignatureMethod '
            . 'Algorithm="' . MORE . ($rsa ? 'rsa' : 'ecdsa') . "-sha256\"/>$references</SignedInfo><SignatureValue/><KeyInfo>"
            . '<w:SecurityTokenReference xmlns:w="' . WSSE . '"><w:Reference URI="#token" ValueType="' . X509
            . '"/></w:SecurityTokenReference></KeyInfo></Signature>'
        );
        $path->query('//w:Security')[0]->appendChild($signature);
        openssl_sign($path->query('//d:SignedInfo')[0]->C14N(true, false), $value, $key, OPENSSL_ALGO_SHA256);
        $path->query('//d:SignatureValue')[0]->textContent = base64_encode($rsa ? $value : from_der($value));
        return $document->saveXML();
    }

    private function post(string $message, string $action): string
    {
        $tls = ['cafile' => $this->trust['anchors'][0], 'local_cert' => $this->me['tls']['certificate'], 'local_pk' => $this->me['tls']['key']];
        $headers = "Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"$action\"\r\nConnection: close";
        $http = ['method' => 'POST', 'content' => $message, 'header' => $headers, 'ignore_errors' => true];
        $answer = file_get_contents($this->url, false, stream_context_create(['ssl' => $tls, 'http' => $http]));
        return $answer === false ? throw new Exception('no answer') : $answer;
    }
}

// The Body's child of an answer whose signature holds; throws for anything else.
function verified(string $raw, string $certificate, ?string $request = null): DOMElement
{
    $path = parsed($raw);
    $text = fn (string $query, ?DOMXPath $in = null) => preg_replace('/\s/', '', ($in ?? $path)->evaluate("string($query)"));
    if ($text('//w:BinarySecurityToken') !== bare($certificate)) {
        throw new Exception('signed by another system');
    }
    $signed = [];
    foreach ($path->query('//d:Reference') as $reference) {
        $id = substr($reference->getAttribute('URI'), 1);
        $parts = $path->query("//*[@u:Id='$id']");
        // A fault's code is a prefixed name: its PrefixList keeps the prefix declared.
        $prefixes = preg_split('/\s+/', $path->evaluate('string(.//*/@PrefixList)', $reference), -1, PREG_SPLIT_NO_EMPTY);
        $digest = base64_encode(hash('sha256', $parts[0]->C14N(true, false, null, $prefixes ?: null), true));
        if ($parts->length !== 1 || $digest !== $path->evaluate('string(d:DigestValue)', $reference)) {
            throw new Exception("the digest of $id does not hold");
        }
        $signed[$parts[0]->localName] = $parts[0];
    }
    $value = base64_decode($text('//d:SignatureValue'));
    $value = str_contains($path->evaluate('string(//d:SignatureMethod/@Algorithm)'), 'ecdsa') ? to_der($value) : $value;
    if (openssl_verify($path->query('//d:SignedInfo')[0]->C14N(true, false), $value, $certificate, OPENSSL_ALGO_SHA256) !== 1) {
        throw new Exception('the signature does not hold');
    }
    if (array_diff(['Body', 'To', 'Action', 'MessageID', 'RelatesTo', 'Timestamp'], array_keys($signed))) {
        throw new Exception('a part is not signed');
    }
    if ($request !== null) {
        $asked = parsed($request);
        if ($signed['SignatureConfirmation']->getAttribute('Value') !== $text('//d:SignatureValue', $asked)
            || $signed['RelatesTo']->textContent !== $text('//a:MessageID', $asked)) {
            throw new Exception('answers another request');
        }
    }
    return $signed['Body']->firstElementChild;
}
