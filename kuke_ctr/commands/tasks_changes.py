"""kuke-ctr tasks kill, pause, resume, rm, checkpoint"""

import typer

app = typer.Typer()
