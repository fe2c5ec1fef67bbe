"""kuke-ctr images check, usage, inspect"""

import typer

app = typer.Typer()
