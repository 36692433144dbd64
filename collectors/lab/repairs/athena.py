"""Athena: moto runs no query and answers what was queued beforehand; here a result has pages, and a query may fail.

world.athena.answers.append([["column", ...], ["value", None, ...], ...])     or "FAILED: why", "CANCELLED: why"
"""

import json
from uuid import uuid4

from moto.athena.responses import AthenaResponse

from collectors.lab.queries import Query
from collectors.lab.repairs.operation import operation
from collectors.lab.world import current

PAGE = 1_000  # the most that GetQueryResults gives


@operation(AthenaResponse)
def start_query_execution(self: AthenaResponse) -> str:
    athena, query_id = current().athena, str(uuid4())
    asked = {name: self._get_param(name) for name in ("WorkGroup", "QueryExecutionContext", "ResultConfiguration")}
    answer = athena.answers.pop(0) if athena.answers else [[]]
    athena.queries[query_id] = Query(self._get_param("QueryString"), asked, answer, athena.polls)
    return json.dumps({"QueryExecutionId": query_id})


@operation(AthenaResponse)
def get_query_execution(self: AthenaResponse) -> str:
    athena, query_id = current().athena, self._get_param("QueryExecutionId")
    query = athena.queries[query_id]
    query.polls -= 1
    status = {"State": "RUNNING"}
    if query.polls < 0:
        state, _, reason = query.answer.partition(": ") if isinstance(query.answer, str) else ("SUCCEEDED", "", "")
        status = {"State": state, **({"StateChangeReason": reason} if reason else {})}
    told = {"QueryExecutionId": query_id, "Query": query.sql, "Status": status, "WorkGroup": query.asked["WorkGroup"]}
    return json.dumps({"QueryExecution": told | {"Statistics": {"DataScannedInBytes": athena.scanned}}})


@operation(AthenaResponse)
def get_query_results(self: AthenaResponse) -> str:
    rows = current().athena.queries[self._get_param("QueryExecutionId")].answer
    first, size = int(self._get_param("NextToken") or 0), int(self._get_param("MaxResults") or PAGE)
    shown = [{"Data": [{} if v is None else {"VarCharValue": v} for v in row]} for row in rows[first : first + size]]
    columns = [{"Name": name, "Type": "varchar"} for name in rows[0]]
    more = {"NextToken": str(first + size)} if first + size < len(rows) else {}
    return json.dumps({"ResultSet": {"Rows": shown, "ResultSetMetadata": {"ColumnInfo": columns}}, **more})


@operation(AthenaResponse)
def stop_query_execution(self: AthenaResponse) -> str:
    current().athena.stopped.append(self._get_param("QueryExecutionId"))
    return "{}"
