"""What is applied to the cluster: storage, DNS, Kueue, simulated GPUs."""
