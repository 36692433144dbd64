"""The WSGI application of one lab: control plane, then faults, then enforcement, then moto."""

import socket
import struct
from collections.abc import Callable, Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from collectors.lab import control, enforcement, faults, wire
from collectors.lab.trail import bucket
from collectors.lab.wire import Answer, Call, Environ, RefusalError
from collectors.lab.world import World

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
NOT_FOR_MEMBERS = "You don't have permissions to access this resource."
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close sends RST


@cache
def moto_application() -> DomainDispatcherApplication:
    """moto's own application; it keeps no state of a lab, so one serves all of them."""
    return DomainDispatcherApplication(create_backend_app)


class Gate:
    """Everything a request passes before moto sees it."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/_lab/"):
            status, headers, body = control.answer(self.world, environ)
        else:
            status, headers, body = self.aws(environ)
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    def aws(self, environ: Environ) -> Answer:
        """The answer to an AWS request, with the fault that strikes it."""
        call = wire.read(environ)
        fault = None
        try:
            world = enforcement.world_of(self.world, call)
            caller = enforcement.identify(world, call)
            call.account, call.action = landing(call, caller.account), enforcement.action_of(call)
            with self.world.lock:
                self.world.calls[call.account, call.service, call.operation] += 1
            if fault := self.world.faults.take(call):
                self.strike(fault, call, caller.arn, environ)
            enforcement.authorize(world, caller, call)
            good = self.moto(world, call, caller, environ)
        except RefusalError as refusal:
            return wire.refuse(call, refusal)
        return faults.spoiled(fault, good) if fault and fault.kind in faults.BODY_KINDS else good

    def strike(self, fault: faults.Fault, call: Call, caller_arn: str, environ: Environ) -> None:
        """Refuse, hang or cut the connection; a hang ends early when the lab stops."""
        if refusal := faults.refusal(fault, caller_arn, enforcement.action_of(call)):
            raise refusal
        if fault.kind == "hang":
            self.world.stopping.wait(fault.seconds)
        if fault.kind == "reset":
            connection: socket.socket = environ["werkzeug.socket"]
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            socket.close(connection.detach())  # the handler's files hold it open: close() alone would wait for them
            raise ConnectionResetError("a fault of the lab")  # the server drops the connection quietly

    def moto(self, world: World, call: Call, caller: enforcement.Caller, environ: Environ) -> Answer:
        """moto's answer, inside a world of this lab and in the caller's account."""
        account = caller.account
        if call.service == "organizations" and account != world.management.id:
            if call.operation != "DescribeOrganization":  # the one that members may call
                raise RefusalError("denied", NOT_FOR_MEMBERS)
            account = world.management.id
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        environ["lab.caller"] = caller
        with world.entered():
            if call.service == "s3":
                bucket.fill(world, call)
            try:
                body, status, headers = run_wsgi_app(moto_application(), environ, buffered=True)
            except NotImplementedError as missing:
                raise RefusalError(
                    "not-implemented", f"The lab does not serve {call.operation}: {missing}"
                ) from missing
        return int(status.split()[0]), list(headers), b"".join(body)


def landing(call: Call, caller_account: str) -> str:
    """The account a call lands in: the role's own for AssumeRole, else the caller's."""
    arn = call.params.get("RoleArn", "") if call.operation == "AssumeRole" else ""
    return arn.split(":")[4] if arn.count(":") >= 5 else caller_account
