"""The smallest program with kuke-ctr's packages that lists images: the measure of scripts/bench."""

import json
from typing import Annotated

import sh  # noqa: TID251 (not the package, its measure)
import typer
from pydantic import BaseModel

app = typer.Typer()


class Image(BaseModel):
    """One row."""

    ref: str
    media_type: str
    digest: str
    size: str
    platforms: str


@app.command()
def ls(
    namespace: Annotated[str, typer.Option("--namespace", "-n")] = "default",
    address: Annotated[str, typer.Option("--address", "-a")] = "",
    realm: Annotated[str, typer.Option("--realm", "-r")] = "",
    output: Annotated[str, typer.Option("--output", "-o")] = "json",
    quiet: Annotated[bool, typer.Option("--quiet", "-q")] = False,
    trace: Annotated[bool, typer.Option("--trace", "-x")] = False,
    all_realms: Annotated[bool, typer.Option("--all-realms", "-A")] = False,
    run_path: Annotated[str, typer.Option("--run-path")] = "",
    manifest: Annotated[str, typer.Option("--manifest")] = "",
    columns: Annotated[str, typer.Option("--columns")] = "",
    sort_by: Annotated[str, typer.Option("--sort-by")] = "",
    timeout: Annotated[float, typer.Option("--timeout")] = 60.0,
) -> None:
    """List images; only the first two options do anything."""
    ctr = sh.Command("ctr").bake("-a", address, "-n", namespace)
    text = str(ctr("images", "ls", _tty_out=False, _out_bufsize=65536))
    rows = [line.split() for line in text.splitlines()[1:]]
    images = [
        Image(
            ref=row[0], media_type=row[1], digest=row[2], size=" ".join(row[3:5]), platforms=row[5]
        )
        for row in rows
    ]
    print(json.dumps([image.model_dump() for image in images], indent=2))


if __name__ == "__main__":
    app()
