"""A person at a terminal, who runs ssh and types. Prints what the terminal showed."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

what, flags = sys.argv[1], sys.argv[2:]


def size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def until(fd, words, seconds=40):
    """Reads until these words are shown, or the end, or a while has passed."""
    seen = b""
    end = time.time() + seconds
    while words not in seen and time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                got = os.read(fd, 65536)
            except OSError:
                break
            if not got:
                break
            seen += got
    print(seen.decode("utf8", "replace"))
    return seen


def login(command, rows, columns):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        # The terminal has its size before ssh asks for it.
        time.sleep(0.3)
        os.execvp("ssh", ["ssh", "-tt"] + flags + ["shop"] + command)
    size(fd, rows, columns)
    until(fd, b"assword")
    os.write(fd, os.environ["SSHPASS"].encode() + b"\n")
    return fd


SHELL = ["exec env PS1='ready$ ' bash --norc --noprofile"]

if what == "resize":
    fd = login(SHELL, 33, 100)
    until(fd, b"ready$ ")
    os.write(fd, b'echo fir""st $(stty size)\n')
    until(fd, b"first 33 100")
    size(fd, 50, 132)
    time.sleep(1)
    os.write(fd, b'echo th""en $(stty size)\n')
    until(fd, b"then 50 132")
    os.write(fd, b"exit\n")
    until(fd, b"closed")
elif what == "typed":
    fd = login([], 27, 91)
    time.sleep(2)
    os.write(fd, b"PS1='ready$ '\n")
    until(fd, b"ready$ ")
    os.write(fd, b'echo ty""ped by hand\n')
    until(fd, b"typed by hand")
    os.write(fd, b"exit\n")
    until(fd, b"closed")
elif what == "interrupt":
    fd = login(SHELL, 24, 80)
    until(fd, b"ready$ ")
    os.write(fd, b"sleep 300\n")
    time.sleep(1)
    os.write(fd, b"\x03")
    until(fd, b"ready$ ")
    os.write(fd, b'echo sta""tus $?\n')
    until(fd, b"status 130")
    os.write(fd, b"exit\n")
    until(fd, b"closed")
elif what == "vi":
    fd = login(["vi -u NONE " + os.environ["FILE"]], 24, 80)
    until(fd, b"~")
    time.sleep(0.5)
    os.write(fd, b"iwritten in vi\x1b")
    time.sleep(0.5)
    os.write(fd, b":wq\r")
    until(fd, b"closed")
elif what == "top":
    fd = login(["top"], 24, 80)
    until(fd, b"PID")
    os.write(fd, b"q")
    until(fd, b"closed")
elif what == "tmux":
    fd = login(["tmux -f /dev/null -L %d new 'bash --norc --noprofile'" % os.getpid()], 30, 90)
    time.sleep(2)
    os.write(fd, b'echo in""side tmux $(stty size)\n')
    until(fd, b"inside tmux")
    size(fd, 40, 120)
    time.sleep(1.5)
    os.write(fd, b'echo in""side tmux $(stty size)\n')
    until(fd, b"39 120")
    os.write(fd, b"exit\n")
    until(fd, b"closed")
