/* The same with MQTT 5. */
#include "motemq5_lwip.h"
#include "motemq5_names.h"

#include "lwip.c"
