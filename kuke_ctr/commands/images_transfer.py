"""kuke-ctr images pull, push, import, export"""

import typer

app = typer.Typer()
