// INGOT_API marks what the shared libraries export; everything else stays inside.
#pragma once

#if defined(__GNUC__)
#define INGOT_API [[gnu::visibility("default")]]
#else
#define INGOT_API
#endif
