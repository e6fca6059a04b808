"""Names of companies as people say them: "Cisco Systems, Inc." is "Cisco Systems"."""
import re

FORM = re.compile(
    r"[\s,]+(?:\(?formerly.*|inc|incorporated|corp|corporation|co|company|ltd|limited|llc|gmbh(?: ?& ?co\.? ?kg)?|kg|ag|ab|as|a/s|oy|oyj|"
    r"bv|b\.v|nv|n\.v|sa|s\.a|sas|s\.a\.s|srl|s\.r\.l|spa|s\.p\.a|sarl|plc|pty|pvt|private|pte|kk|k\.k|sp\. ?z ?o\.?o|s\.r\.o|d\.o\.o|"
    r"a\.s|aps|holding|holdings|group|international)\.?$",
    re.I,
)


def short(name):
    name = re.sub(r"\s+", " ", name.replace("\t", " ")).strip().strip("'\"")
    name = re.sub(r"\s*\([^()]*\)\s*$", "", name).rstrip(" #")
    while True:
        cut = FORM.sub("", name).rstrip(" ,.-")
        if cut == name or len(cut) < 2:
            return name
        name = cut
