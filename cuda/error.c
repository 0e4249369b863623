/// What each of CUDA's errors means to a person, and what to do about it.
#include "error.h"

#include <stdio.h>

/// A version as NVIDIA writes it: 13000 is 13.0.
static void write_version(int version, char *text, size_t size) {
  if (version <= 0)
    snprintf(text, size, "none");
  else
    snprintf(text, size, "%d.%d", version / 1000, version % 1000 / 10);
}

static throng_status old_driver(const char *what) {
  int driver = 0, runtime = 0;
  char has[24], needs[24];
  (void)cudaDriverGetVersion(&driver);
  (void)cudaRuntimeGetVersion(&runtime);
  write_version(driver, has, sizeof has);
  write_version(runtime, needs, sizeof needs);
  if (driver <= 0)
    return throng_fail(THRONG_ERROR_BACKEND,
                       "%s: no NVIDIA driver is loaded; install one that supports CUDA %s (and "
                       "pass the GPU into the container, if this is one), or use --backend cpu",
                       what, needs);
  return throng_fail(THRONG_ERROR_BACKEND,
                     "%s: the NVIDIA driver supports CUDA %s and this build needs %s; update the "
                     "driver, or build with an older toolkit, or use --backend cpu",
                     what, has, needs);
}

throng_status cuda_fail(cudaError_t error, const char *what) {
  (void)cudaGetLastError();  // errors of one call must not be taken for the next one's
  const char *remedy;
  switch (error) {
    case cudaErrorInsufficientDriver: return old_driver(what);
    case cudaErrorNoDevice:
      remedy =
          "no CUDA device is visible; check nvidia-smi and CUDA_VISIBLE_DEVICES, or use "
          "--backend cpu";
      break;
    case cudaErrorInvalidDevice:
      remedy = "there is no device of that number; see throng info";
      break;
    case cudaErrorMemoryAllocation:
      return throng_fail(THRONG_ERROR_MEMORY, "%s: the device's memory does not suffice", what);
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion:
    case cudaErrorInvalidKernelImage:
      remedy =
          "this build has no kernels for this device; configure with "
          "-DCMAKE_CUDA_ARCHITECTURES=native on this machine";
      break;
    case cudaErrorDevicesUnavailable:
    case cudaErrorDeviceUninitialized:
      remedy = "the device is taken by another process or its driver is restarting; see nvidia-smi";
      break;
    case cudaErrorECCUncorrectable:
    case cudaErrorHardwareStackError:
    case cudaErrorLaunchFailure:
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorIllegalInstruction:
    case cudaErrorAssert:
    case cudaErrorUnknown:
      remedy =
          "the device's context is lost and this process cannot use it again; start from the "
          "last checkpoint (train.resume), and set THRONG_CUDA_SYNC=1 to learn which kernel "
          "fails";
      break;
    case cudaErrorLaunchTimeout:
      remedy =
          "a kernel ran for longer than the system allows on a GPU that draws a screen; use one "
          "that draws none, or lower sim.lanes and agent.batch; the device's context is lost: "
          "start from the last checkpoint (train.resume)";
      break;
    case cudaErrorStreamCaptureUnsupported:
    case cudaErrorStreamCaptureInvalidated:
    case cudaErrorStreamCaptureMerge:
    case cudaErrorStreamCaptureUnmatched:
    case cudaErrorStreamCaptureUnjoined:
    case cudaErrorStreamCaptureIsolation:
    case cudaErrorStreamCaptureImplicit:
    case cudaErrorCapturedEvent:
    case cudaErrorStreamCaptureWrongThread:
      remedy = "THRONG_CUDA_GRAPHS=0 runs steps as single calls without trying to record them";
      break;
    default: remedy = NULL;
  }
  return throng_fail(THRONG_ERROR_BACKEND, "%s: %s (%s)%s%s", what, cudaGetErrorString(error),
                     cudaGetErrorName(error), remedy ? "; " : "", remedy ? remedy : "");
}

throng_status cuda_blas_fail(cublasStatus_t status, const char *what) {
  return throng_fail(
      status == CUBLAS_STATUS_ALLOC_FAILED ? THRONG_ERROR_MEMORY : THRONG_ERROR_BACKEND,
      "%s: cuBLAS status %d%s", what, (int)status,
      status == CUBLAS_STATUS_NOT_INITIALIZED
          ? " (not initialised: usually too little device memory is left, or the driver is older "
            "than the library)"
      : status == CUBLAS_STATUS_ARCH_MISMATCH    ? " (the library has no kernels for this device)"
      : status == CUBLAS_STATUS_EXECUTION_FAILED ? " (a kernel failed; the device may be lost)"
      : status == CUBLAS_STATUS_INTERNAL_ERROR   ? " (internal error)"
                                                 : "");
}
