/* The same client with MQTT 5. */
#include "motemq5_names.h"

#include "main.c"
