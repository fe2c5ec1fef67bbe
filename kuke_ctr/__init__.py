"""kuke-ctr: containerd's ctr for Kukeon realms."""
