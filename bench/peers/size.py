"""Size of the installed packages that a typical service needs, in MB, and their number."""

import re
from importlib.metadata import PackageNotFoundError, distribution

WANTED = ["fastapi", "uvicorn", "scikit-learn", "pandas", "evidently", "prometheus-client"]


def main():
    found, waiting = {}, list(WANTED)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:  # of another platform, or optional
            continue
        files = (file.locate() for file in package.files or [])
        found[name] = sum(file.stat().st_size for file in files if file.exists())
        for requirement in package.requires or []:
            if "extra ==" not in requirement:
                waiting.append(re.match(r"[\w.-]+", requirement)[0])
    print(sum(found.values()) / 1e6, len(found))


main()
