"""`cp`: files between this host and a container.

`inside` finds a path in the files of a container as the container sees it, `root` opens these
files, `entries` reads a tree or an archive, and `writing` makes a tree or an archive of them.
"""
