/* motemq_lwip.c for MQTT 5. */
#include "motemq5_lwip.h"
#include "motemq5_names.h"

#include "motemq_lwip.c"
