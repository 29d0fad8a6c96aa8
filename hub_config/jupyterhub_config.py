"""JupyterHub configuration of GPU Commons.

What every installation shares is in `gpucommons_config`; what this one sets is
in the YAML file that the environment variable GPUCOMMONS_VALUES names, in the
form of the z2jh chart's ``hub.config``:

    DexOAuthenticator:
      issuer: https://dex.example.org
    GPUSpawner:
      catalogue_file: /etc/gpucommons/catalogue.yaml
"""

from gpucommons_config import configure
from gpucommons_config.installation import installation

c = get_config()  # type: ignore[name-defined]  # noqa: F821
c.merge(installation())
configure(c)
