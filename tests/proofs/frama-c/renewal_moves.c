#include "moves.h"

#include "renewal.c"
