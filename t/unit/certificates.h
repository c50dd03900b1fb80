/* certificates.h - two certificates, as openssl req -x509 made them */
#ifndef UNIT_CERTIFICATES_H
#define UNIT_CERTIFICATES_H

/* mx.example.org, *.example.net and an address, in subjectAltName */
#define CERTIFICATE_OF_MX                                                      \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBujCCAWGgAwIBAgIUe8QmD4RT8NmI5NfETVZOepUIGkQwCgYIKoZIzj0EAwIw\n"   \
	"GTEXMBUGA1UEAwwObXguZXhhbXBsZS5vcmcwIBcNMjYxMTIyMDkzNjU2WhgPMjEy\n"   \
	"NjEwMjkwOTM2NTZaMBkxFzAVBgNVBAMMDm14LmV4YW1wbGUub3JnMFkwEwYHKoZI\n"   \
	"zj0CAQYIKoZIzj0DAQcDQgAE5T56gg2ODBHl+byXiUWYhHha0rnmI8e9vzTWXBml\n"   \
	"8L42x02CNXIBThZTjeWYNSk1HX6rXLolx32YMK7tVZivKqOBhDCBgTAdBgNVHQ4E\n"   \
	"FgQUuLGuczKEsN+Xj27tBwzj3njzRkswHwYDVR0jBBgwFoAUuLGuczKEsN+Xj27t\n"   \
	"Bwzj3njzRkswDwYDVR0TAQH/BAUwAwEB/zAuBgNVHREEJzAlgg5teC5leGFtcGxl\n"   \
	"Lm9yZ4INKi5leGFtcGxlLm5ldIcEwAACATAKBggqhkjOPQQDAgNHADBEAiBnALLN\n"   \
	"AWum9zM1DyM/PTQtj06QkJGTtxhNWmyT/FVTGQIgGVmBt8D7/0DL5FFhIwj092hJ\n"   \
	"ZQiVrhZyTiS8FYO7VdI=\n"                                               \
	"-----END CERTIFICATE-----\n"

/* a common name alone: only.example.org */
#define CERTIFICATE_OF_ONLY                                                    \
	"-----BEGIN CERTIFICATE-----\n"                                        \
	"MIIBjDCCATOgAwIBAgIUN0OTWRlteKY6rRMNc0NYC5/utV4wCgYIKoZIzj0EAwIw\n"   \
	"GzEZMBcGA1UEAwwQb25seS5leGFtcGxlLm9yZzAgFw0yNjExMjIwOTM2NTZaGA8y\n"   \
	"MTI2MTAyOTA5MzY1NlowGzEZMBcGA1UEAwwQb25seS5leGFtcGxlLm9yZzBZMBMG\n"   \
	"ByqGSM49AgEGCCqGSM49AwEHA0IABBJjMTxNRTq+nIMZ1XbqKnU7nURC4QjSUdlG\n"   \
	"EApswInk/Voj7mohuHPxNpkXxpw3ouWDPfEg4bIlnLb8KHfMSSmjUzBRMB0GA1Ud\n"   \
	"DgQWBBT1SBlOTCWm7VUm9MrH2BmANlBbFzAfBgNVHSMEGDAWgBT1SBlOTCWm7VUm\n"   \
	"9MrH2BmANlBbFzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIA/7\n"   \
	"V9335FvxUz9vnPiZMnwNbXA8vwOpAVuS7/7zYxmcAiBy+tlq3CoiO1PbuSmKROVl\n"   \
	"gcenFMz1Yp3Wt3J1Oskomw==\n"                                           \
	"-----END CERTIFICATE-----\n"

#define CERTIFICATE_OF_MX_KEY_SHA256                                           \
	"84729762e1969d0842947cfac4dc41d503c4329ba83a08b69fc2dae4d1bdc7d7"
#define CERTIFICATE_OF_MX_SHA256                                               \
	"7fd782dd9899dd839005f0b063f0c80f6f78b65fd06d99b569436bb5481619e7"
#define CERTIFICATE_OF_MX_SHA512                                               \
	"081bcc02495c1d5e2394524aa770520b562bce33523c78f10e248598ffabc775"     \
	"eedff3d2f9569bbe238b2bf6856bd9b949aa5b2534459a7e52390e49964c4e37"

#endif
