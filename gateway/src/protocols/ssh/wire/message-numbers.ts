/** The numbers that messages begin with: RFC 4250 section 4.1.2, RFC 4256, RFC 5656, RFC 8308. */
export const MESSAGE = {
  disconnect: 1, ignore: 2, unimplemented: 3, debug: 4, serviceRequest: 5, serviceAccept: 6, extInfo: 7,
  kexInit: 20, newKeys: 21, kexExchangeInit: 30, kexExchangeReply: 31,
  userauthRequest: 50, userauthFailure: 51, userauthSuccess: 52, userauthBanner: 53,
  /** 60 means something else in each method of authentication. */
  userauthPkOk: 60, userauthPasswdChangeReq: 60, userauthInfoRequest: 60, userauthInfoResponse: 61,
  globalRequest: 80, requestSuccess: 81, requestFailure: 82,
  channelOpen: 90, channelOpenConfirmation: 91, channelOpenFailure: 92, channelWindowAdjust: 93, channelData: 94,
  channelExtendedData: 95, channelEof: 96, channelClose: 97, channelRequest: 98, channelSuccess: 99, channelFailure: 100,
} as const

/** Reasons of SSH_MSG_DISCONNECT: RFC 4253 section 11.1. */
export const DISCONNECT = {
  hostNotAllowed: 1, protocolError: 2, keyExchangeFailed: 3, macError: 5, serviceNotAvailable: 7, versionNotSupported: 8,
  hostKeyNotVerifiable: 9, connectionLost: 10, byApplication: 11, tooManyConnections: 12, noMoreAuthMethods: 14,
} as const

/** Reasons of SSH_MSG_CHANNEL_OPEN_FAILURE: RFC 4254 section 5.1. */
export const OPEN_FAILURE = {
  administrativelyProhibited: 1, connectFailed: 2, unknownChannelType: 3, resourceShortage: 4,
} as const
