/* The fuzzer with MQTT 5. */
#include "motemq5_names.h"

#include "fuzz.c"
