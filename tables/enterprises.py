#!/usr/bin/env python3
"""Makes config/identify/enterprises.tsv.zst: who has which number below 1.3.6.1.4.1 (IANA, private enterprise numbers).

    apt-get download libwireshark-data && dpkg-deb -x libwireshark-data*.deb x
    tables/enterprises.py x/usr/share/wireshark/enterprises.tsv

Names are shortened to what people call a maker: "Cisco Systems, Inc." is "Cisco". A line is a number, a tab, a name; the first says
where it is from and of which day. `zstd` must be installed.
"""
import os
import re
import subprocess
import sys

from names import short

# said another way than by leaving out the form of the company
NAMES = {
    2: "IBM", 9: "Cisco", 11: "HP", 36: "DEC", 42: "Oracle", 43: "3Com", 45: "Nortel", 52: "Enterasys", 63: "Apple", 89: "Radware",
    94: "Nokia", 99: "SNMP Research", 111: "Oracle", 119: "NEC", 122: "Sony", 161: "Motorola", 164: "RAD", 171: "D-Link", 193: "Ericsson",
    207: "Allied Telesis", 231: "Fujitsu", 232: "HPE", 236: "Samsung", 244: "Lantronix", 248: "Hirschmann", 253: "Xerox", 259: "Edgecore",
    297: "Fujifilm", 311: "Microsoft", 318: "APC", 332: "Digi", 343: "Intel", 367: "Ricoh", 368: "Axis", 388: "Zebra", 476: "Vertiv",
    534: "Eaton", 562: "Mitel", 637: "Nokia", 641: "Lexmark", 674: "Dell", 683: "Zebra", 705: "Eaton", 789: "NetApp", 850: "Tripp Lite",
    890: "Zyxel", 935: "Megatec", 1123: "NetApp", 1139: "Dell EMC", 1248: "Epson", 1347: "Kyocera", 1411: "Juniper", 1588: "Brocade",
    1602: "Canon", 1714: "Infortrend", 1916: "Extreme Networks", 1981: "Dell EMC", 1991: "Brocade", 2001: "OKI", 2011: "Huawei",
    2254: "Delta", 2272: "Extreme Networks", 2281: "Ceragon", 2385: "Sharp", 2435: "Brother", 2606: "Rittal", 2620: "Check Point",
    2636: "Juniper", 3224: "Juniper", 3375: "F5", 3808: "CyberPower", 3854: "AKCP", 3902: "ZTE", 3955: "Linksys", 4329: "Siemens",
    4413: "Broadcom", 4526: "Netgear", 4555: "Socomec", 4874: "Juniper", 5528: "APC", 5624: "Enterasys", 5951: "Citrix", 6027: "Dell",
    6141: "Ciena", 6486: "Alcatel-Lucent", 6527: "Nokia", 6574: "Synology", 6876: "VMware", 6889: "Avaya", 7779: "Infoblox",
    8072: "net-snmp", 8691: "Moxa", 8741: "SonicWall", 10002: "Ubiquiti", 10418: "Vertiv", 10642: "Zebra", 10876: "Supermicro",
    11863: "TP-Link", 12356: "Fortinet", 13742: "Raritan", 14179: "Cisco", 14823: "HPE Aruba", 14988: "MikroTik", 15004: "Siemens",
    15497: "Cisco", 17163: "Riverbed", 18334: "Konica Minolta", 19046: "Lenovo", 20632: "Barracuda", 21067: "Sophos", 21239: "Vertiv",
    24681: "QNAP", 25053: "Ruckus", 25461: "Palo Alto Networks", 25506: "HPE", 26928: "Extreme Networks", 29671: "Cisco",
    30065: "Arista", 35047: "Sangfor", 37447: "HPE", 38446: "Enlogic", 39165: "Hikvision", 40310: "Nvidia", 41112: "Ubiquiti",
    41263: "Nutanix", 47196: "HPE Aruba", 50536: "iXsystems", 52674: "APC",
}


def main(source):
    place = os.path.join(os.path.dirname(__file__), "..", "config", "identify", "enterprises.tsv")
    text = open(source, encoding="utf-8", errors="replace").read()
    day = re.search(r"last updated (\d{4}-\d\d-\d\d)", text).group(1)
    lines = [f"# IANA private enterprise numbers, {day}"]
    for line in text.split("\n"):
        number, _, name = line.rstrip("\n").partition("\t" if "\t" in line else " ")
        if not number.isdigit():
            continue
        name = NAMES.get(int(number)) or short(name)
        if name and name.lower() not in ("reserved", "unassigned", "none", "---none---"):
            lines.append(f"{number}\t{name[:60]}")
    with open(place, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    subprocess.run(["zstd", "-q", "-19", "-f", "--rm", place], check=True)
    print(len(lines) - 1, "enterprises", os.path.getsize(place + ".zst"), "octets")


main(sys.argv[1])
