"""Python's SSH libraries through the gateway. Prints a line for each thing that went as it should."""
import asyncio
import os
import sys
import time

library, host, port, token, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), os.environ["SSHPASS"], sys.argv[4]


def expect(name, condition):
    print(("ok " if condition else "NOT ok ") + name, "%.1f s" % time.monotonic(), flush=True)


def with_paramiko():
    import paramiko

    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(host, port, "shop", token, look_for_keys=False, allow_agent=False, disabled_algorithms={})
    stdin, stdout, stderr = client.exec_command("cat; echo err >&2; exit 4")
    stdin.write("through paramiko")
    stdin.channel.shutdown_write()
    expect("output", stdout.read() == b"through paramiko")
    expect("errors", stderr.read() == b"err\n")
    expect("status", stdout.channel.recv_exit_status() == 4)
    channel = client.get_transport().open_session()
    channel.get_pty("xterm", 77, 22)
    channel.exec_command("stty -echo; stty size; read line; stty size")
    seen = b""
    while not seen.endswith(b"77\r\n"):
        seen += channel.recv(1024)
    channel.resize_pty(99, 44)
    channel.send(b"\n")
    while True:
        got = channel.recv(1024)
        if not got:
            break
        seen += got
    expect("terminal", seen == b"22 77\r\n44 99\r\n")
    channel = client.get_transport().open_session()
    channel.exec_command("kill -KILL $$")
    expect("signal", channel.recv_exit_status() == -1)
    data = os.urandom(1_000_000)
    sftp = client.open_sftp()
    with sftp.open(folder + "/paramiko", "wb") as file:
        file.write(data)
    with sftp.open(folder + "/paramiko", "rb") as file:
        file.prefetch()
        expect("sftp", file.read() == data)
    expect("list", "paramiko" in sftp.listdir(folder))
    sftp.remove(folder + "/paramiko")
    client.get_transport().send_ignore()
    client.get_transport().renegotiate_keys()
    _, stdout, _ = client.exec_command("echo new keys")
    expect("keys", stdout.read() == b"new keys\n")
    channels = [client.get_transport().open_session() for _ in range(20)]
    for number, channel in enumerate(channels):
        channel.exec_command("echo %d" % number)
    expect("channels", [channel.makefile().read() for channel in channels] == [b"%d\n" % number for number in range(20)])
    client.close()
    try:
        client.connect(host, port, "shop", "wrong", look_for_keys=False, allow_agent=False)
        expect("wrong", False)
    except paramiko.AuthenticationException:
        expect("wrong", True)


async def with_asyncssh():
    import asyncssh

    async with asyncssh.connect(host, port, username="shop", password=token, known_hosts=None, client_keys=None) as connection:
        result = await connection.run("cat; echo err >&2; exit 4", input="through asyncssh")
        expect("output", result.stdout == "through asyncssh")
        expect("errors", result.stderr == "err\n")
        expect("status", result.exit_status == 4)
        result = await connection.run("stty size", term_type="xterm", term_size=(88, 33))
        expect("terminal", result.stdout == "33 88\r\n")
        result = await connection.run("kill -TERM $$")
        expect("signal", result.exit_signal is not None and result.exit_signal[0] == "TERM")
        result = await connection.run("echo $LC_NAME", env={"LC_NAME": "set"})
        expect("environment", result.stdout == "set\n")
        results = await asyncio.gather(*(connection.run("echo %d" % number) for number in range(20)))
        expect("channels", [one.stdout for one in results] == ["%d\n" % number for number in range(20)])
        async with connection.start_sftp_client() as sftp:
            async with sftp.open(folder + "/asyncssh", "wb") as file:
                await file.write(b"x" * 3_000_000)
            expect("sftp", (await sftp.stat(folder + "/asyncssh")).size == 3_000_000)
            await sftp.remove(folder + "/asyncssh")
    try:
        await asyncssh.connect(host, port, username="shop", password="wrong", known_hosts=None, client_keys=None)
        expect("wrong", False)
    except asyncssh.PermissionDenied:
        expect("wrong", True)


if library == "paramiko":
    with_paramiko()
else:
    asyncio.run(with_asyncssh())
print("end")
