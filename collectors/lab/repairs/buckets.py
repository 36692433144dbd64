"""S3: buckets are listed with their regions and in pages, and say whether MFA is needed to delete from them."""

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.responses import S3Response

from collectors.lab.repairs.operation import operation

OWNER = {"ID": "bcaf1ffd86f41161ca5fb16fd081034f", "DisplayName": "webfile"}


@operation(S3Response)
def all_buckets(self: S3Response) -> Any:
    """AWS names regions only to who gives a parameter."""
    self.data["Action"] = "ListAllMyBuckets"
    self._authenticate_and_authorize_s3_action()
    found = sorted(self.backend.buckets.values(), key=lambda one: one.name)
    first, size = int(self._get_param("continuation-token") or 0), int(self._get_param("max-buckets") or 10_000)
    regions = self._get_param("max-buckets") is not None
    buckets = [
        {"Name": one.name, "CreationDate": one.creation_date_ISO8601}
        | ({"BucketRegion": one.region_name} if regions else {})
        for one in found[first : first + size]
    ]
    more = {"ContinuationToken": str(first + size)} if first + size < len(found) else {}
    self.data["Action"] = "ListBuckets"
    return self.serialized(ActionResult({"Owner": OWNER, "Buckets": buckets, **more}))


@operation(S3Response)
def get_bucket_versioning(self: S3Response) -> Any:
    bucket = self.backend.get_bucket(self.bucket_name)
    said = {"Status": bucket.versioning_status, "MFADelete": getattr(bucket, "mfa_delete", None)}
    self.data["Action"] = "GetBucketVersioning"
    return self.serialized(ActionResult({name: value for name, value in said.items() if value}))
