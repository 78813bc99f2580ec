/* Logs in with the password in SSHPASS, runs one command, prints what it says and its exit status. Usage: client PORT COMMAND */
#include <libssh/libssh.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  int port = atoi(argv[1]), n;
  char bytes[4096];
  ssh_session session = ssh_new();
  ssh_options_set(session, SSH_OPTIONS_HOST, "127.0.0.1");
  ssh_options_set(session, SSH_OPTIONS_PORT, &port);
  ssh_options_set(session, SSH_OPTIONS_USER, "shop");
  if (ssh_connect(session) != SSH_OK || ssh_userauth_password(session, NULL, getenv("SSHPASS")) != SSH_AUTH_SUCCESS) {
    fprintf(stderr, "%s\n", ssh_get_error(session));
    return 1;
  }
  ssh_channel channel = ssh_channel_new(session);
  if (ssh_channel_open_session(channel) != SSH_OK || ssh_channel_request_exec(channel, argv[2]) != SSH_OK) {
    fprintf(stderr, "%s\n", ssh_get_error(session));
    return 2;
  }
  for (int stream = 0; stream < 2; stream++) while ((n = ssh_channel_read(channel, bytes, sizeof bytes, stream)) > 0) fwrite(bytes, 1, n, stdout);
  printf("exit %d\n", ssh_channel_get_exit_status(channel));
  ssh_disconnect(session);
  return 0;
}
