"""What paramiko's SFTP client does, over the socket in argv[1], under the folder in argv[2]."""
import hashlib
import io
import select
import socket
import sys

from paramiko.sftp_client import SFTPClient

class Link(socket.socket):
    """Looks enough like a channel."""

    def get_name(self):
        return "link"

    def recv_ready(self):
        return bool(select.select([self], [], [], 0)[0])


link = Link(socket.AF_UNIX)
link.connect(sys.argv[1])
sftp = SFTPClient(link)
root = sys.argv[2]
drop = root + "/srv/drop/"

print("cwd", sftp.normalize(".") == root + "/home/dana")
print("list", sorted(sftp.listdir(root + "/srv")), sorted(a.filename for a in sftp.listdir_attr(root + "/srv/pub")))
sftp.chdir(root + "/srv/pub")
print("relative", sftp.open("readme.txt").read())

content = bytes(range(256)) * 8192
sftp.putfo(io.BytesIO(content), drop + "up.bin")
back = io.BytesIO()
sftp.getfo(drop + "up.bin", back)
print("same", hashlib.sha256(back.getvalue()).hexdigest() == hashlib.sha256(content).hexdigest(), sftp.stat(drop + "up.bin").st_size)

with sftp.open(drop + "log", "w") as log:
    log.set_pipelined(True)
    for number in range(300):
        log.write("line %d\n" % number)
with sftp.open(drop + "log", "a") as log:
    log.write("appended\n")
with sftp.open(drop + "log") as log:
    log.prefetch()
    lines = log.readlines()
    print("lines", len(lines), lines[-1].strip())
    print("pieces", log.readv([(0, 6), (7, 6)]) and [bytes(piece) for piece in log.readv([(0, 6), (7, 6)])])
with sftp.open(drop + "log", "r+") as log:
    log.seek(5)
    log.write("X")
    log.truncate(10)
    print("check", log.stat().st_size)

sftp.mkdir(drop + "folder")
sftp.rename(drop + "log", drop + "folder/log")
sftp.posix_rename(drop + "folder/log", drop + "log")
sftp.symlink("log", drop + "link")
print("link", sftp.readlink(drop + "link"), sftp.lstat(drop + "link").st_mode == sftp.stat(drop + "link").st_mode)
sftp.chmod(drop + "log", 0o600)
sftp.truncate(drop + "log", 3)
sftp.utime(drop + "log", (1, 2))
print("attributes", oct(sftp.stat(drop + "log").st_mode), sftp.stat(drop + "log").st_mtime, sftp.stat(drop + "log").st_size)
sftp.remove(drop + "link")
sftp.rmdir(drop + "folder")

for name, attempt in {
    "secret": lambda: sftp.open(root + "/etc/shadow").read(),
    "outside": lambda: sftp.open(root + "/srv/escaped", "w"),
    "nothing": lambda: sftp.open(root + "/srv/pub/nothing"),
    "rename": lambda: sftp.rename(root + "/etc/shadow", drop + "mine"),
}.items():
    try:
        attempt()
        print(name, "WAS LET THROUGH")
    except IOError as error:
        print(name, type(error).__name__, error.errno, error)
sftp.close()
