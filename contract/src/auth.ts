import { z } from 'zod'

/** Header that carries {@link WebSession.csrf} with every request that changes something and is sent with the session's cookie. */
export const CSRF_HEADER = 'x-sallyport-csrf'

/** Where people can log in at the console. */
export const LoginProviders = z.object({
  providers: z.array(z.object({
    name: z.string(),
    kind: z.enum(['oidc', 'saml']),
    /** Path for a browser to go to; `?next=` and a path of this gateway says where the login leads. */
    login: z.string(),
  })),
})
export type LoginProviders = z.infer<typeof LoginProviders>

/** Who is logged in. */
export const WebSession = z.object({
  name: z.string(),
  issuer: z.string(),
  groups: z.array(z.string()),
  roles: z.array(z.string()),
  /** To be sent as {@link CSRF_HEADER}. The same as long as the session lasts. */
  csrf: z.string(),
  /** When the session is over unless it is used before. */
  idleEndsAt: z.iso.datetime(),
  /** When it is over in any case. */
  endsAt: z.iso.datetime(),
})
export type WebSession = z.infer<typeof WebSession>

/** The session is over here. */
export const LoggedOut = z.object({
  /** Where a browser can end it at the provider too; null when it cannot. */
  location: z.string().nullable(),
})
export type LoggedOut = z.infer<typeof LoggedOut>
