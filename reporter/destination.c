#include "reporter/destination.h"

const char *
destination_state_name(enum destination_state state)
{
	switch (state) {
	case DESTINATION_WAITING:
		return "waiting";
	case DESTINATION_UNDECIDED:
		return "undecided";
	case DESTINATION_SKIPPED:
		return "skipped";
	}
	return "skipped";
}
