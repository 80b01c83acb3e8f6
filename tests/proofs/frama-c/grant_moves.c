#include "moves.h"

#include "grant.c"
