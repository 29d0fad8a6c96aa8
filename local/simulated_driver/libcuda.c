/* A stand-in for libcuda: it is found, and says that nothing can be computed.
 *
 * The NVIDIA Container Toolkit takes the folder of the driver's libraries from
 * this file, and frameworks that try CUDA get an honest answer.
 */
#define CUDA_API __attribute__((visibility("default")))

enum { CUDA_SUCCESS = 0, CUDA_ERROR_NO_DEVICE = 100 };

CUDA_API int cuInit(unsigned flags)
{
    (void)flags;
    return CUDA_ERROR_NO_DEVICE;
}

CUDA_API int cuDriverGetVersion(int *version)
{
    *version = CUDA_VERSION;
    return CUDA_SUCCESS;
}

CUDA_API int cuDeviceGetCount(int *count)
{
    *count = 0;
    return CUDA_ERROR_NO_DEVICE;
}
