#!/usr/bin/env python3
"""What the nodes' registry (hack/nodes/registry.py) serves of an archive, whichever builder has saved it."""

import hashlib
import io
import json
import sys
import tarfile
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "hack/nodes"))
import registry  # noqa: E402

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Registry(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        server = registry.serve(("127.0.0.1", 0), self.folder)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/v2/"

    def save(self, name, manifests, *blobs):
        """An archive of the blobs, whose index lists the manifests."""
        files = {"blobs/sha256/" + hashlib.sha256(blob).hexdigest(): blob for blob in blobs}
        files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()
        with tarfile.open(self.folder / name, "w") as archive:
            for path, data in files.items():
                member = tarfile.TarInfo(path)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return answer.headers["Content-Type"], answer.read()

    def assert_missing(self, path):
        with self.assertRaises(urllib.error.HTTPError) as error:
            self.get(path)
        error.exception.close()
        self.assertEqual(error.exception.code, 404)


def descriptor(blob, kind=MANIFEST, **annotations):
    described = {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(blob).hexdigest()}", "size": len(blob)}
    return {**described, "annotations": annotations} if annotations else described


class AnImage(Registry):
    def test_is_found_by_the_last_part_of_its_name_and_its_tag(self):
        image = b'{"layers": []}'
        self.save("shop.tar", [descriptor(image, **{"org.opencontainers.image.ref.name": "docker.io/ours/shop:1"})], image)
        self.assertEqual(self.get("theirs/shop/manifests/1"), (MANIFEST, image))
        self.assert_missing("theirs/shop/manifests/2")
        self.assert_missing("theirs/cart/manifests/1")

    def test_of_an_archive_that_comes_later_is_found(self):
        self.assert_missing("shop/manifests/1")
        image = b'{"layers": []}'
        self.save("shop.tar", [descriptor(image, **{"org.opencontainers.image.ref.name": "shop:1"})], image)
        self.assertEqual(self.get("shop/manifests/1")[1], image)


class AnIndex(Registry):
    def test_within_the_index_of_an_archive_leads_to_its_images(self):
        image, layer, unsaved = b'{"layers": ["one"]}', b"data", b"of another platform"
        index = json.dumps({"manifests": [descriptor(image), descriptor(unsaved)]}).encode()
        self.save("shop.tar", [descriptor(index, INDEX, **{"io.containerd.image.name": "docker.io/ours/shop:1"})], index, image, layer)
        self.assertEqual(self.get("ours/shop/manifests/1"), (INDEX, index))
        self.assertEqual(self.get(f"ours/shop/manifests/{descriptor(image)['digest']}"), (MANIFEST, image))
        self.assertEqual(self.get(f"ours/shop/blobs/{descriptor(layer)['digest']}")[1], layer)
        for other in layer, unsaved:
            self.assert_missing(f"ours/shop/manifests/{descriptor(other)['digest']}")


if __name__ == "__main__":
    unittest.main()
