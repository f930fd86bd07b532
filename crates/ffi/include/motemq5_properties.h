/* The properties of MQTT 5, for motemq5.h. */
#ifndef MOTEMQ5_PROPERTIES_H
#define MOTEMQ5_PROPERTIES_H

#include "motemq.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The identifiers of properties, and the member of motemq5_property_t with the value. */
typedef enum motemq5_property_id {
    MOTEMQ5_PAYLOAD_FORMAT_INDICATOR = 0x01,          /* one: 0 or 1 */
    MOTEMQ5_MESSAGE_EXPIRY_INTERVAL = 0x02,           /* four */
    MOTEMQ5_CONTENT_TYPE = 0x03,                      /* text */
    MOTEMQ5_RESPONSE_TOPIC = 0x08,                    /* text */
    MOTEMQ5_CORRELATION_DATA = 0x09,                  /* text, which can be any bytes */
    MOTEMQ5_SUBSCRIPTION_IDENTIFIER = 0x0b,           /* four: 1 to 268,435,455 */
    MOTEMQ5_SESSION_EXPIRY_INTERVAL = 0x11,           /* four; MOTEMQ_FOREVER: it does not expire */
    MOTEMQ5_ASSIGNED_CLIENT_IDENTIFIER = 0x12,        /* text */
    MOTEMQ5_SERVER_KEEP_ALIVE = 0x13,                 /* two */
    MOTEMQ5_AUTHENTICATION_METHOD = 0x15,             /* text */
    MOTEMQ5_AUTHENTICATION_DATA = 0x16,               /* text, which can be any bytes */
    MOTEMQ5_REQUEST_PROBLEM_INFORMATION = 0x17,       /* one: 0 or 1 */
    MOTEMQ5_WILL_DELAY_INTERVAL = 0x18,               /* four */
    MOTEMQ5_REQUEST_RESPONSE_INFORMATION = 0x19,      /* one: 0 or 1 */
    MOTEMQ5_RESPONSE_INFORMATION = 0x1a,              /* text */
    MOTEMQ5_SERVER_REFERENCE = 0x1c,                  /* text */
    MOTEMQ5_REASON_STRING = 0x1f,                     /* text */
    MOTEMQ5_RECEIVE_MAXIMUM = 0x21,                   /* two: not 0 */
    MOTEMQ5_TOPIC_ALIAS_MAXIMUM = 0x22,               /* two */
    MOTEMQ5_TOPIC_ALIAS_NUMBER = 0x23,                /* two: not 0 */
    MOTEMQ5_MAXIMUM_QOS = 0x24,                       /* one: 0 or 1 */
    MOTEMQ5_RETAIN_AVAILABLE = 0x25,                  /* one: 0 or 1 */
    MOTEMQ5_USER_PROPERTY = 0x26,                     /* user */
    MOTEMQ5_MAXIMUM_PACKET_SIZE = 0x27,               /* four: not 0 */
    MOTEMQ5_WILDCARD_SUBSCRIPTION_AVAILABLE = 0x28,   /* one: 0 or 1 */
    MOTEMQ5_SUBSCRIPTION_IDENTIFIER_AVAILABLE = 0x29, /* one: 0 or 1 */
    MOTEMQ5_SHARED_SUBSCRIPTION_AVAILABLE = 0x2a      /* one: 0 or 1 */
} motemq5_property_id;

/* A property: id says which member is valid. Make it with the functions below; to set its members
 * directly, fill it with zeros first. */
typedef union motemq5_property {
    uint8_t id; /* motemq5_property_id */
    struct {
        uint8_t id;
        uint8_t value;
    } one;
    struct {
        uint8_t id;
        uint16_t value;
    } two;
    struct {
        uint8_t id;
        uint32_t value;
    } four;
    struct {
        uint8_t id;
        motemq_text_t value;
    } text;
    struct {
        uint8_t id;
        motemq_text_t name;
        motemq_text_t value;
    } user;
} motemq5_property_t;

/* A property of which every member is 0, so that a value of the wrong kind is refused and not read. */
static inline motemq5_property_t motemq5_empty_(uint8_t id)
{
    motemq5_property_t property;
    property.id = id;
    property.one.value = 0;
    property.two.value = 0;
    property.four.value = 0;
    property.user.name.data = NULL;
    property.user.name.length = 0;
    property.user.value.data = NULL;
    property.user.value.length = 0;
    return property;
}

/* Makes a property whose value is a number. */
static inline motemq5_property_t motemq5_number(uint8_t id, uint32_t value)
{
    motemq5_property_t property = motemq5_empty_(id);
    switch (id) {
    case MOTEMQ5_SERVER_KEEP_ALIVE:
    case MOTEMQ5_RECEIVE_MAXIMUM:
    case MOTEMQ5_TOPIC_ALIAS_MAXIMUM:
    case MOTEMQ5_TOPIC_ALIAS_NUMBER:
        property.two.value = (uint16_t)value;
        break;
    case MOTEMQ5_MESSAGE_EXPIRY_INTERVAL:
    case MOTEMQ5_SUBSCRIPTION_IDENTIFIER:
    case MOTEMQ5_SESSION_EXPIRY_INTERVAL:
    case MOTEMQ5_WILL_DELAY_INTERVAL:
    case MOTEMQ5_MAXIMUM_PACKET_SIZE:
        property.four.value = value;
        break;
    default:
        property.one.value = (uint8_t)value;
        break;
    }
    return property;
}

/* Makes a property whose value is text or data. */
static inline motemq5_property_t motemq5_bytes(uint8_t id, const void *data, size_t length)
{
    motemq5_property_t property = motemq5_empty_(id);
    property.text.value.data = (const char *)data;
    property.text.value.length = length;
    return property;
}

/* Makes a user property. */
static inline motemq5_property_t motemq5_user(motemq_text_t name, motemq_text_t value)
{
    motemq5_property_t property = motemq5_empty_(MOTEMQ5_USER_PROPERTY);
    property.user.name = name;
    property.user.value = value;
    return property;
}

/* The properties of a received packet, as they are encoded. They are in rx. */
typedef struct motemq5_properties {
    const uint8_t *bytes;
    size_t length;
} motemq5_properties_t;

/* Removes the first property from *rest, which is a copy of the properties of an event at first. Returns
 * 1 and sets *property; or returns 0 if there are no more properties, and *property is undefined. */
int motemq5_next_property(motemq5_properties_t *rest, motemq5_property_t *property);

/* Returns 1 and sets *property to the first property with this identifier, or returns 0 if there is
 * none. */
static inline int motemq5_find_property(const motemq5_properties_t *properties, uint8_t id,
                                        motemq5_property_t *property)
{
    motemq5_properties_t rest = *properties;
    int result;
    do {
        result = motemq5_next_property(&rest, property);
    } while (result == 1 && property->id != id);
    return result;
}

#ifdef __cplusplus
}
#endif
#endif
