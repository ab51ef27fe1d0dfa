/** Where things are in the pod of a staging server. */
export const STAGING_PATHS = {
  /** The directory `.staging` of the engines' volume. */
  files: '/staging',
  /** What is being received: on the same volume, so that the end of an upload is a rename. No token is called so. */
  incoming: '/staging/.incoming',
  certificate: '/certificate',
  configuration: '/configuration',
  scratch: '/tmp',
} as const;

/** The port of the pods. A user that isn't root can't have 443 everywhere. */
export const STAGING_PORT = 8443;

/** Modules of nginx that want a directory, though nothing here uses them. */
const UNUSED = ['proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * What nginx is told.
 *
 * A request's line has the token, and nginx writes the line to each message of its error log that is about a request. So there are none: where a request's
 * place is known, only `emerg` is written, which nothing about a request is. Before, while TLS is agreed on, there is no request yet, and what is
 * wrong with the certificate is said. What became of requests is in the access log, whose format has no URI.
 */
export function nginxConfiguration(): string {
  const { files, incoming, certificate, scratch } = STAGING_PATHS;
  const token = '/[0-9a-f]{64}';
  const silent = 'error_log stderr emerg;';
  return `daemon off;
pid ${scratch}/nginx.pid;
error_log stderr error;
# one that waits for the volume keeps nobody else waiting
worker_processes 4;

events {
    worker_connections 1024;
}

http {
    log_format staging '$time_iso8601 $remote_addr $request_method $status $request_length $bytes_sent $request_time';
    access_log /dev/stdout staging;
    server_tokens off;
    default_type application/octet-stream;
    client_body_temp_path ${incoming};
${UNUSED.map(module => `    ${module}_temp_path ${scratch}/${module};`).join('\n')}

    # between two reads or writes, not for a whole file
    client_body_timeout 300s;
    send_timeout 300s;
    client_max_body_size 0;
    client_body_buffer_size 256k;
    large_client_header_buffers 4 16k;

    # a name with a variable is read for each connection: a renewed Secret is served without a restart
    map "" $certificate {
        default ${certificate};
    }

    server {
        listen ${STAGING_PORT} ssl;
        ssl_certificate $certificate/tls.crt;
        ssl_certificate_key $certificate/tls.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
        root ${files};
        disable_symlinks on;

        location = /healthz {
            ${silent}
            access_log off;
            default_type text/plain;
            return 200 "ok\\n";
        }

        location ~ "^${token}/in/(?:[^/]+/)*[^/]+\\z" {
            ${silent}
            limit_except GET { deny all; }
            try_files $uri =404;
        }

        location ~ "^(?<parent>${token}/out/(?:[^/]+/)*)[^/]+/?\\z" {
            ${silent}
            limit_except PUT MKCOL { deny all; }
            dav_methods PUT MKCOL;
            create_full_put_path off;
            dav_access user:rw group:r all:r;
            # before the body is read: who has no token writes nothing to the volume. And this follows no symbolic link, where the writing would.
            if (!-d $document_root$parent) { return 409; }
            # the same, for what was taken away while the body came in
            error_page 500 @failed;
        }

        location @failed {
            ${silent}
            if (!-d $document_root$parent) { return 409; }
            return 500;
        }

        location / {
            ${silent}
            return 404;
        }
    }
}
`;
}
