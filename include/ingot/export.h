/* INGOT_API marks what the shared libraries export; everything else stays inside. */
#ifndef INGOT_EXPORT_H_
#define INGOT_EXPORT_H_

#if defined(__cplusplus) && defined(__GNUC__)
#define INGOT_API [[gnu::visibility("default")]]
#elif defined(__GNUC__)
#define INGOT_API __attribute__((visibility("default")))
#else
#define INGOT_API
#endif

#endif /* INGOT_EXPORT_H_ */
