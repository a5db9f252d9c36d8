"""HAProxy and nginx as plain proxies: two threads, kept connections to the backend and to clients, no logs."""

import contextlib

from measuring import Processes, await_port, free_port, running

THREADS = 2

HAPROXY = """
global
    nbthread {threads}
    maxconn 4096
defaults
    mode http
    option http-keep-alive
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:{port}
    default_backend back
backend back
    server one 127.0.0.1:{backend}
"""

NGINX = """
daemon off;
pid {work}/nginx.pid;
error_log {work}/nginx.log error;
worker_processes {threads};
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    keepalive_requests 1000000000;
    upstream back {{
        server 127.0.0.1:{backend};
        keepalive 64;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} reuseport;
        location / {{
            proxy_pass http://back;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


@contextlib.contextmanager
def proxy(name, text, command, backend, work):
    port = free_port()
    file = work / f"{name}.conf"
    file.write_text(text.format(threads=THREADS, port=port, backend=backend, work=work))
    with running([*command, str(file)], work / f"{name}.out") as process:
        await_port(port, process)
        yield f"http://127.0.0.1:{port}", Processes(process.pid)


def haproxy(backend, work):
    return proxy("haproxy", HAPROXY, ["/usr/sbin/haproxy", "-db", "-f"], backend, work)


def nginx(backend, work):
    return proxy("nginx", NGINX, ["/usr/sbin/nginx", "-p", str(work), "-c"], backend, work)
