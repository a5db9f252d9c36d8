"""A registry that nodes may pull from: whatever registry an image's reference names, its last part and its tag are looked up in the
archives (OCI layouts in tar files) of one folder, which may change at any time."""

import json
import re
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REFERENCE = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = re.compile(r"^/v2/(.+)/manifests/([^/?]+)(?:\?.*)?$")
BLOBS = re.compile(r"^/v2/(.+)/blobs/([^/?]+)(?:\?.*)?$")


class Archives:
    def __init__(self, folder: Path):
        self.folder = folder
        self.lock = threading.Lock()
        self.seen = None
        self.tags: dict[tuple[str, str], str] = {}
        self.types: dict[str, str] = {}
        self.blobs: dict[str, tuple[Path, int, int]] = {}

    def refresh(self):
        """Reads the archives again if one was added, replaced or taken away."""
        files = sorted(self.folder.glob("*.tar"))
        seen = [(file, file.stat().st_ino, file.stat().st_mtime_ns) for file in files if file.exists()]
        with self.lock:
            if seen == self.seen:
                return
            self.tags, self.types, self.blobs = {}, {}, {}
            for file, _, _ in seen:
                self.read(file)
            self.seen = seen

    def read(self, file: Path):
        with tarfile.open(file) as archive:
            for member in archive:
                match = re.fullmatch(r"(?:\./)?blobs/sha256/([0-9a-f]{64})", member.name)
                if match and member.isfile():
                    self.blobs[f"sha256:{match.group(1)}"] = (file, member.offset_data, member.size)
            index = json.load(archive.extractfile("index.json"))
        self.note_types(index)
        for manifest in index["manifests"]:
            for annotation in REFERENCE:
                reference = manifest.get("annotations", {}).get(annotation, "")
                name, _, tag = reference.rpartition(":")
                if name:
                    self.tags[name.rsplit("/", 1)[-1], tag] = manifest["digest"]

    def note_types(self, index):
        """Also of an index within the index, such as Docker saves: of an image for each platform, and of how each was built."""
        for manifest in index["manifests"]:
            if manifest["digest"] not in self.blobs:
                continue  # That of another platform was not saved.
            self.types[manifest["digest"]] = manifest["mediaType"]
            if manifest["mediaType"] in INDEXES:
                file, offset, size = self.blobs[manifest["digest"]]
                with file.open("rb") as source:
                    source.seek(offset)
                    self.note_types(json.loads(source.read(size)))

    def manifest(self, name: str, reference: str) -> str | None:
        digest = reference if reference.startswith("sha256:") else self.tags.get((name.rsplit("/", 1)[-1], reference))
        return digest if digest in self.types else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    archives: Archives

    def do_GET(self):
        self.archives.refresh()
        manifest, blob = MANIFESTS.match(self.path), BLOBS.match(self.path)
        if self.path.rstrip("/") == "/v2":
            self.answer(200, "application/json", b"{}")
        elif manifest and (digest := self.archives.manifest(*manifest.groups())):
            self.send_blob(digest, self.archives.types[digest])
        elif blob and blob.group(2) in self.archives.blobs:
            self.send_blob(blob.group(2), "application/octet-stream")
        else:
            self.answer(404, "application/json", b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

    do_HEAD = do_GET

    def answer(self, status: int, kind: str, body: bytes):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_blob(self, digest: str, kind: str):
        file, offset, size = self.archives.blobs[digest]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if self.command == "HEAD":
            return
        with file.open("rb") as source:
            source.seek(offset)
            while size > 0:
                chunk = source.read(min(size, 1 << 20))
                if not chunk:
                    raise EOFError(f"{file} has become shorter")
                size -= len(chunk)
                self.wfile.write(chunk)

    def log_message(self, text, *values):
        if not str(values[1] if len(values) > 1 else "").startswith("2"):
            super().log_message(text, *values)


def serve(address: tuple[str, int], folder: Path) -> ThreadingHTTPServer:
    handler = type("ArchivesHandler", (Handler,), {"archives": Archives(folder)})
    server = ThreadingHTTPServer(address, handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":  # registry.py ADDRESS IMAGES, where no agent serves it.
    host, port = sys.argv[1].rsplit(":", 1)
    serve((host, int(port)), Path(sys.argv[2]))
    threading.Event().wait()
