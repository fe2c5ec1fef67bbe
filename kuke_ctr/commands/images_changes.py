"""kuke-ctr images tag, label, rm, prune, mount, unmount, convert"""

import typer

app = typer.Typer()
