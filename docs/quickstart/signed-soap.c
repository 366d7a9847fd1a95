/* Signed SOAP with gSOAP 2.8 and its wsse plugin: signs what a generated stub sends, verifies what it is answered.
 * Keys and certificates are the PEM files that network.json names (read by Jansson). The key must be RSA: gSOAP
 * writes and wants ECDSA values in DER, which XML Signature does not have. Compile with WITH_OPENSSL, WITH_DOM. */

#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include "soapH.h"
#include "wsaapi.h"
#include "wsseapi.h"

struct identity {
    EVP_PKEY *key;
    X509 *certificate, *answers;
    const char *message_id;
};

/* The value at names within names, the last NULL. */
static json_t *at(json_t *from, ...) {
    va_list names;
    const char *name;
    va_start(names, from);
    while ((name = va_arg(names, const char *))) from = json_object_get(from, name);
    va_end(names);
    return from;
}

static json_t *system_of(json_t *network, const char *id) {
    size_t place;
    json_t *one;
    json_array_foreach(json_object_get(network, "systems"), place, one)
        if (!strcmp(json_string_value(at(one, "id", NULL)), id)) return one;
    return NULL;
}

static X509 *certificate_of(json_t *file) {
    FILE *stream = fopen(json_string_value(file), "r");
    X509 *found = stream ? PEM_read_X509(stream, NULL, NULL, NULL) : NULL;
    if (stream) fclose(stream);
    return found;
}

static EVP_PKEY *key_of(json_t *file) {
    FILE *stream = fopen(json_string_value(file), "r");
    EVP_PKEY *found = stream ? PEM_read_PrivateKey(stream, NULL, NULL, NULL) : NULL;
    if (stream) fclose(stream);
    return found;
}

/* A context that connects as one system of the network and takes answers of another only. */
static struct soap *signed_soap(json_t *network, json_t *me, json_t *target) {
    static const char *const kinds[] = {"anchors", "intermediates"};
    struct soap *soap = soap_new1(SOAP_XML_CANONICAL | SOAP_C_UTFSTRING);
    struct identity *identity = soap_malloc(soap, sizeof *identity);
    json_t *trust = at(network, "trust", NULL), *file;
    struct soap_wsse_data *wsse;
    size_t kind, place;
    identity->key = key_of(at(me, "signing", "key", NULL));
    identity->certificate = certificate_of(at(me, "signing", "certificate", NULL));
    identity->answers = certificate_of(at(target, "signing", "certificate", NULL));
    soap->user = identity;
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = 20;
    if (soap_register_plugin(soap, soap_wsa) || soap_register_plugin(soap, soap_wsse)) return NULL;
    wsse = soap_lookup_plugin(soap, soap_wsse_id);
    wsse->store = X509_STORE_new();
    soap_ssl_init();
    if (soap_ssl_client_context(soap, SOAP_SSL_REQUIRE_SERVER_AUTHENTICATION, NULL, NULL,
            json_string_value(json_array_get(json_object_get(trust, kinds[0]), 0)), NULL, NULL))
        return NULL;
    for (kind = 0; kind < 2; kind++)
        json_array_foreach(json_object_get(trust, kinds[kind]), place, file) {
            SSL_CTX_load_verify_locations(soap->ctx, json_string_value(file), NULL);
            X509_STORE_load_locations(wsse->store, json_string_value(file), NULL);
        }
    SSL_CTX_use_certificate_file(
        soap->ctx, json_string_value(at(me, "tls", "certificate", NULL)), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(soap->ctx, json_string_value(at(me, "tls", "key", NULL)), SSL_FILETYPE_PEM);
    return soap;
}

/* Have the next call of a stub signed: Body, Timestamp, token and every WS-Addressing header. */
static int sign(struct soap *soap, const char *url, const char *action) {
    struct identity *identity = soap->user;
    soap_wsse_verify_done(soap);
    soap->header = NULL;
    identity->message_id = soap_wsa_rand_uuid(soap);
    return soap_wsa_request(soap, identity->message_id, url, action)
        || soap_wsse_add_Timestamp(soap, "Time", 300)
        || soap_wsse_add_BinarySecurityTokenX509(soap, "X509Token", identity->certificate)
        || soap_wsse_add_KeyInfo_SecurityTokenReferenceX509(soap, "#X509Token")
        || soap_wsse_set_wsu_id(soap, "wsa5:To wsa5:Action wsa5:MessageID")
        || soap_wsse_sign_body(soap, SOAP_SMD_SIGN_RSA_SHA256, identity->key, 0)
        || soap_wsse_verify_auto(soap, SOAP_SMD_NONE, NULL, 0);
}

/* 0 when the answer, or fault, is the target's and belongs to what was asked. */
static int verified(struct soap *soap) {
    struct identity *identity = soap->user;
    struct SOAP_ENV__Header *header = soap->header;
    const char *wsa = "http://www.w3.org/2005/08/addressing";
    X509 *signer;
    if (!header || !header->wsse__Security || !header->wsse__Security->BinarySecurityToken)
        return soap_set_receiver_error(soap, "the answer is not signed", NULL, SOAP_ERR);
    signer = soap_wsse_get_BinarySecurityTokenX509(soap, header->wsse__Security->BinarySecurityToken->wsu__Id);
    if (!signer || X509_cmp(signer, identity->answers))
        return soap_set_receiver_error(soap, "it is signed by another system", NULL, SOAP_ERR);
    if (soap_wsse_verify_body(soap) || soap_wsse_verify_Timestamp(soap)
        || !soap_wsse_verify_element(soap, wsa, "RelatesTo") || !soap_wsse_verify_element(soap, wsa, "Action"))
        return soap_set_receiver_error(soap, "a part of it is not signed", NULL, SOAP_ERR);
    if (!header->wsa5__RelatesTo || strcmp(header->wsa5__RelatesTo->__item, identity->message_id))
        return soap_set_receiver_error(soap, "it answers another request", NULL, SOAP_ERR);
    return SOAP_OK;
}
