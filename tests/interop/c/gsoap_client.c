/* What docs/quickstart/signed-soap.c does with a case, by stubs that gSOAP made from our WSDL: asks, asks again with
 * a spoilt message, and notices damage. Run as: gsoap_client NETWORK_JSON CASE_JSON */

#include "signed-soap.c"
#include "TerminalSoap11.nsmap"

static json_t *asked;

/* A case's operation by the generated code: its Body is read into the struct, sent by the stub, the answer written. */
#define OPERATION(prefix, name) \
    static int ask_##name(struct soap *soap, const char *url, const char *action, char **answer) { \
        struct _##prefix##__##name question; \
        struct _##prefix##__##name##Response told; \
        struct soap *text = soap_new1(SOAP_C_UTFSTRING); \
        text->is = json_string_value(at(asked, "body", NULL)); \
        if (soap_read__##prefix##__##name(text, &question)) { \
            soap_print_fault(text, stderr); \
            exit(1); \
        } \
        if (soap_call___##prefix##__##name(soap, url, action, &question, &told)) return soap->error; \
        soap_set_omode(text, SOAP_C_UTFSTRING); \
        text->os = (const char **)answer; \
        return soap_write__##prefix##__##name##Response(text, &told); \
    }

OPERATION(terminal, VerifyIdentity)
OPERATION(registry, ReportChanges)
OPERATION(municipal, SendTransferCertificate)

static const struct {
    const char *name;
    int (*ask)(struct soap *, const char *, const char *, char **);
} operations[] = {
    {"VerifyIdentity", ask_VerifyIdentity},
    {"ReportChanges", ask_ReportChanges},
    {"SendTransferCertificate", ask_SendTransferCertificate},
};

static int (*send_as_it_is)(struct soap *, const char *, size_t);
static size_t (*receive_as_it_is)(struct soap *, char *, size_t);

/* Changes what leaves, once it is signed. */
static int send_spoilt(struct soap *soap, const char *bytes, size_t count) {
    json_t *spoil = at(asked, "spoil", NULL);
    const char *from = json_string_value(json_array_get(spoil, 0)), *to = json_string_value(json_array_get(spoil, 1));
    char *changed = soap_malloc(soap, count), *found;
    memcpy(changed, bytes, count);
    if ((found = memmem(changed, count, from, strlen(from)))) memcpy(found, to, strlen(to));
    return send_as_it_is(soap, changed, count);
}

/* Changes the last character of what the answer relates to. */
static size_t receive_damaged(struct soap *soap, char *bytes, size_t most) {
    size_t count = receive_as_it_is(soap, bytes, most);
    char *end = memmem(bytes, count, "RelatesTo>", 10);
    if (end)
        while (end > bytes && *end != '<') end--;
    if (end > bytes) end[-1] ^= 1;
    return count;
}

static json_t *texts_of(const char *xml) {
    json_t *texts = json_array();
    const char *begin, *end;
    for (begin = xml; begin && (begin = strchr(begin, '>')); begin = end) {
        end = strchr(++begin, '<');
        if (end && end > begin) json_array_append_new(texts, json_stringn(begin, end - begin));
    }
    return texts;
}

static json_t *outcome(struct soap *soap, const char *operation, const char *answer, int failed) {
    char name[64];
    const char *fault = failed == SOAP_FAULT || soap->fault ? *soap_faultcode(soap) : NULL;
    snprintf(name, sizeof name, "%sResponse", operation);
    return json_pack("{s:b, s:s, s:o, s:s*}", "verified", !verified(soap), "answer", name, "texts",
        texts_of(answer), "fault", fault);
}

int main(int count, char **arguments) {
    json_t *network = json_load_file(arguments[1], 0, NULL), *told = json_object();
    json_t *me, *target;
    const char *operation, *action, *url;
    char *answer = NULL;
    struct soap *soap;
    size_t place = 0;
    int failed;

    asked = json_load_file(arguments[2], 0, NULL);
    me = system_of(network, json_string_value(at(asked, "caller", NULL)));
    target = system_of(network, json_string_value(at(asked, "target", NULL)));
    operation = json_string_value(at(asked, "operation", NULL));
    action = json_string_value(at(asked, "action", NULL));
    url = json_string_value(at(target, "services", json_string_value(at(asked, "service", NULL)), "url", NULL));
    while (strcmp(operations[place].name, operation)) place++;
    soap = signed_soap(network, me, target);
    send_as_it_is = soap->fsend;
    receive_as_it_is = soap->frecv;

    if (sign(soap, url, action) || operations[place].ask(soap, url, action, &answer)) {
        soap_print_fault(soap, stderr);
        return 1;
    }
    json_object_set_new(told, "good", outcome(soap, operation, answer, 0));

    soap->fsend = send_spoilt;
    failed = sign(soap, url, action) || operations[place].ask(soap, url, action, &answer);
    json_object_set_new(told, "spoilt", outcome(soap, operation, NULL, failed));
    soap->fsend = send_as_it_is;

    soap->frecv = receive_damaged;
    failed = sign(soap, url, action) || operations[place].ask(soap, url, action, &answer) || verified(soap);
    failed = failed && strstr(*soap_faultcode(soap), "FailedCheck");
    json_object_set_new(told, "damage_noticed", json_boolean(failed));
    json_object_set_new(told, "version", json_sprintf("%d.%d.%d", GSOAP_VERSION / 100000, GSOAP_VERSION / 1000 % 100, GSOAP_VERSION % 1000));
    puts(json_dumps(told, JSON_COMPACT));
    return 0;
}
