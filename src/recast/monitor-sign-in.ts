import { problem } from '../problem';

/**
 * Who makes users sign in before the ingress lets them through: an OIDC proxy such as oauth2-proxy, which stands in the cluster already. The ingress
 * controller asks it for each request.
 */
export class MonitorSignIn {
  /**
   * By ingress-nginx: it asks the proxy (`auth-url`), and sends whoever isn't signed in to its page (`auth-signin`).
   *
   * Refused at synth: what is no URL; a page that isn't HTTPS.
   *
   * @param authUrl where the controller asks, such as `http://oauth2-proxy.auth.svc.cluster.local/oauth2/auth`
   * @param signInUrl the page, such as `https://auth.cern.ch/oauth2/start?rd=https://$host$escaped_request_uri`
   */
  public static nginx(authUrl: string, signInUrl: string): MonitorSignIn {
    const problems: string[] = [];
    if (!/^https?:\/\/[^\s"']+$/.test(authUrl)) { problems.push(problem('ingress.signIn', authUrl, 'the URL where the controller asks, by HTTP or HTTPS')); }
    if (!/^https:\/\/[^\s"']+$/.test(signInUrl)) { problems.push(problem('ingress.signIn', signInUrl, 'the URL of the page, by HTTPS')); }
    return new MonitorSignIn({
      'nginx.ingress.kubernetes.io/auth-url': authUrl,
      'nginx.ingress.kubernetes.io/auth-signin': signInUrl,
    }, problems);
  }

  /**
   * By Traefik: a Middleware of type `forwardAuth`.
   *
   * Refused at synth: what is no name of one.
   *
   * @param middleware as Traefik names it: `NAMESPACE-NAME@kubernetescrd`; several are divided by commas
   */
  public static traefik(middleware: string): MonitorSignIn {
    const names = middleware.split(',');
    const wrong = names.some(name => !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?@[a-z]+$/.test(name));
    return new MonitorSignIn(
      { 'traefik.ingress.kubernetes.io/router.middlewares': middleware },
      wrong ? [problem('ingress.signIn', middleware, 'names of Middlewares, such as auth-oauth2-proxy@kubernetescrd')] : [],
    );
  }

  /**
   * By another controller, which takes this from the Ingress's annotations.
   *
   * Refused at synth: no annotation at all.
   *
   * @param annotations the controller's own
   */
  public static byAnnotations(annotations: { [key: string]: string }): MonitorSignIn {
    return new MonitorSignIn(annotations, Object.keys(annotations).length === 0 ? [problem('ingress.signIn', annotations, 'at least one annotation')] : []);
  }

  private constructor(
    /** What the Ingress is annotated with. */
    public readonly annotations: { [key: string]: string },
    /** @internal */
    public readonly _problems: string[],
  ) {}
}
