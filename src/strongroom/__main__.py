"""So that `python -m strongroom` is the same as `strongroom`."""

from strongroom.cli.main import run

if __name__ == "__main__":
    run()
