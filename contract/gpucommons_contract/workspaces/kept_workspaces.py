"""Which workspaces have a snapshot, also those that were deleted: one ConfigMap.

The controller of the snapshots writes it, and the hub reads it before it makes a workspace anew.
Its keys are the uids of claims, by which somebody new with an old name is another person. Its
values are the names of their repositories.
"""

KEPT_WORKSPACES = "kept-workspaces"
KEPT_WORKSPACES_NAMESPACE = "gpucommons"
