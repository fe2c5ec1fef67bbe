"""kuke-ctr snapshots prepare, view, commit, label, mount, rm"""

import typer

app = typer.Typer()
