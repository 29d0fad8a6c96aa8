/* nvidia-cuda-mps-server for simulated GPUs: there, because the toolkit mounts
 * it, and of no use, because nothing is computed.
 */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    fprintf(stderr, "nvidia-cuda-mps-server (simulated): there is no GPU to serve.\n");
    return EXIT_FAILURE;
}
