"""Who reviewed what, what is left to do, and did what was revoked go? Campaigns of the access review."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from collectors.models import Account
from findings.analysis.reviewing.confirming import State
from findings.engine import review_work
from findings.models import Review, ReviewAccount, ReviewCount, Reviewer
from findings.models.decided import STANDS
from findings.models.review import Verdict
from iamdash.access import audit
from iamdash.access.models import Operator, Role
from iamdash.access.rights import needs
from iamdash.pages import review_export, show
from iamdash.pages.html import format_html
from iamdash.pages.review_forms import DelegateForm, StartForm
from iamdash.pages.scopes import whom

CLOSED = "The campaign is closed: nothing of it changes any more."


def today() -> date:
    return datetime.now(UTC).date()


def visible() -> QuerySet[Review]:
    """Campaigns that hold an account of the operator."""
    return Review.objects.filter(Exists(ReviewAccount.objects.filter(review=OuterRef("pk"))))


@dataclass
class Figures:
    """Of some accounts of a campaign. frozen: how many of the accounts have their items."""

    accounts: int = 0
    frozen: int = 0
    items: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    @property
    def decided(self) -> int:
        return self.verdicts.total()

    @property
    def undecided(self) -> int:
        return self.items - self.decided

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 says that nothing is left."""
        return 100 * self.decided // self.items if self.items else 0

    @property
    def taken(self) -> int:
        return self.verdicts[Verdict.REVOKE.value] + self.verdicts[Verdict.REDUCE.value]

    @property
    def by_verdict(self) -> list[tuple[str, str, int]]:
        return [(one.value, one.label, self.verdicts[one.value]) for one in Verdict]

    @property
    def by_state(self) -> list[tuple[str, str, int]]:
        return [(one.value, one.label, self.states[one.value]) for one in State]

    def add(self, row: ReviewAccount, verdicts: Counter[str], states: Counter[str]) -> None:
        self.accounts += 1
        self.frozen += row.frozen_at is not None
        self.items += row.n_items
        self.verdicts += verdicts
        self.states += states


@dataclass
class OfOwner:
    """The accounts of one owner that one operator reviews; names of a few of them."""

    owner: str
    reviewer: str
    figures: Figures = field(default_factory=Figures)
    accounts: list[Account] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.owner}|{self.reviewer}"

    @property
    def listed(self) -> list[Account]:
        return self.accounts[:3]


@dataclass(frozen=True)
class Campaign:
    review: Review
    rows: list[ReviewAccount]
    whole: Figures
    owners: list[OfOwner]

    @property
    def days(self) -> int:
        """Until the last day; negative when it is over."""
        return (self.review.due_on - today()).days

    @property
    def state(self) -> str:
        if self.review.closed_at:
            return "closed"
        if self.whole.frozen + self.broken < self.whole.accounts:
            return "planned" if self.review.starts_on > today() else "freezing"
        return "overdue" if self.days < 0 else "open"

    @property
    def broken(self) -> int:
        return sum(bool(row.error) for row in self.rows)

    @property
    def partial(self) -> list[ReviewAccount]:
        """Accounts of which not all was known when they were frozen, or nothing."""
        return [row for row in self.rows if row.error or (row.evidence or {}).get("missing")]

    @property
    def hidden(self) -> int:
        """Accounts that the operator does not see."""
        return self.review.n_accounts - len(self.rows)

    @property
    def for_whom(self) -> list[str]:
        return [words_of(value) for value in self.review.whom]


def state_of(one: Campaign) -> SafeString:
    """In words, with what follows from it."""
    review = one.review
    match one.state:
        case "closed":
            said, under = (
                show.state("resolved", "closed"),
                format_html("{} by {}", show.ago(review.closed_at), show.name(review.closed_by)),
            )
        case "planned":
            said, under = "planned", f"from {review.starts_on} on"
        case "freezing":
            said = show.state("unknown", "taking down evidence")
            under = f"{one.whole.frozen:,} of {one.whole.accounts:,} accounts"
        case "overdue":
            said, under = show.state("high", "overdue"), f"was due {review.due_on}"
        case _:
            said = "open"
            under = "ends today" if one.days == 0 else f"{one.days} day{'' if one.days == 1 else 's'} left"
    return format_html('{}<span class="under">{}</span>', said, under)


def words_of(value: str) -> str:
    kind, _, name = value.partition(":")
    if kind == "owner":
        return f"accounts of {name}"
    try:
        return whom(value).words()
    except (Account.DoesNotExist, ValueError):
        return name or kind


def campaigns(reviews: list[Review]) -> list[Campaign]:
    """Three queries for any number of campaigns."""
    mine = {"review__in": reviews}
    rows = ReviewAccount.objects.filter(**mine).select_related("account").order_by("account__name", "pk")
    rows = rows if len(reviews) == 1 else rows.defer("evidence")
    verdicts, states = _counted(reviews)
    named = Reviewer.objects.filter(STANDS, **mine).values_list("review", "account", "reviewer")
    reviewers = {(review, account): name for review, account, name in named}
    by_review: dict[int, list[ReviewAccount]] = {review.pk: [] for review in reviews}
    for row in rows:
        by_review[row.review_id].append(row)
    return [_campaign(review, by_review[review.pk], verdicts, states, reviewers) for review in reviews]


Counts = Mapping[tuple[int, int], Counter[str]]


def _counted(reviews: list[Review]) -> tuple[Counts, Counts]:
    """(review, account) -> how many of each verdict, and of each state."""
    verdicts: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    states: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    decided = ReviewCount.objects.filter(review__in=reviews).exclude(verdict="")
    found = decided.values_list("review", "account", "verdict", "state").annotate(total=Sum("n"))
    for review, account, verdict, state, n in found:
        verdicts[review, account][verdict] += n
        if state:
            states[review, account][state] += n
    return verdicts, states


def _campaign(
    review: Review,
    rows: list[ReviewAccount],
    verdicts: Counts,
    states: Counts,
    reviewers: Mapping[tuple[int, int], str],
) -> Campaign:
    whole, owners = Figures(), dict[tuple[str, str], OfOwner]()
    for row in rows:
        key = review.pk, row.account_id
        who = row.owner, reviewers.get(key, "")
        one = owners.setdefault(who, OfOwner(*who))
        one.accounts.append(row.account)
        for figures in (whole, one.figures):
            figures.add(row, verdicts.get(key, Counter()), states.get(key, Counter()))
    ordered = sorted(owners.values(), key=lambda one: (-one.figures.undecided, one.owner, one.reviewer))
    return Campaign(review, rows, whole, ordered)


def may_start(operator: Operator) -> bool:
    return operator.may(Role.ADMIN) and operator.all_accounts


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    review = get_object_or_404(visible(), pk=pk)
    (campaign,) = campaigns([review])
    context = {
        "campaign": campaign,
        "state": state_of(campaign),
        "review": review,
        "may_close": may_start(request.user) and not review.closed_at,
        "may_review": not review.closed_at and bool(campaign.whole.items),
        "delegations": list(_delegations(request, campaign)),
        "handed": handed(review),
        "public_key": review_export.public_key(),
        "file_name": review_export.file_name(review, timezone.now()),
    }
    return render(request, "reviews/detail.html", context)


def handed(review: Review) -> list[Reviewer]:
    """Who reviewed before, and why not any more."""
    rows = Reviewer.objects.filter(review=review).exclude(reason="").select_related("account")
    return list(rows.order_by("-pk")[:50])


def _delegations(request: HttpRequest, campaign: Campaign) -> Iterator[tuple[OfOwner, DelegateForm | None]]:
    for one in campaign.owners:
        form = DelegateForm(initial={"of": one.key}) if may_delegate(request.user, campaign.review, one) else None
        yield one, form


def may_delegate(operator: Operator, review: Review, one: OfOwner) -> bool:
    """An admin hands over anybody's part, a reviewer their own."""
    return not review.closed_at and (operator.may(Role.ADMIN) or one.reviewer == operator.username)


@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    form = StartForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        review = review_work.start(form.plan(), request.user.username)
        messages.success(request, f"{review.title} is planned for {review.n_accounts} accounts.")
        return redirect("review", review.pk)
    context = {"form": form, "connected": Account.objects.exists()}
    return render(request, "reviews/add.html", context, status=422 if form.errors else 200)


@require_POST
def delegate(request: HttpRequest, pk: int) -> HttpResponse:
    review = get_object_or_404(visible(), pk=pk)
    (campaign,) = campaigns([review])
    form = DelegateForm(request.POST)
    one = next((one for one in campaign.owners if one.key == request.POST.get("of")), None)
    if one is None or not may_delegate(request.user, review, one):
        messages.error(request, CLOSED if review.closed_at else "This part is not yours to hand over.")
    elif not form.is_valid():
        messages.error(request, " ".join(error for errors in form.errors.values() for error in errors))
    elif unseen := form.unseen(one.accounts):
        messages.error(request, f"{form.cleaned_data['to'].username} does not see {unseen} of these accounts.")
    else:
        _delegate(request, review, one, form)
    return redirect("review", pk)


def _delegate(request: HttpRequest, review: Review, one: OfOwner, form: DelegateForm) -> None:
    to, reason = form.cleaned_data["to"].username, form.cleaned_data["reason"]
    try:
        with transaction.atomic():
            n = review_work.delegate(review, [a.pk for a in one.accounts], to, reason, request.user.username)
    except IntegrityError:
        messages.error(request, "It changed just now. Look again.")
    else:
        messages.success(request, f"{to} reviews {n} more account{'' if n == 1 else 's'}.")


@needs(Role.ADMIN, every_account=True)
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Says first what stays undecided for good. The form names that number: where it changed meanwhile, it is asked again."""
    review = get_object_or_404(visible(), pk=pk)
    if review.closed_at:
        messages.error(request, CLOSED)
        return redirect("review", pk)
    (campaign,) = campaigns([review])
    moved = request.method == "POST" and request.POST.get("undecided") != str(campaign.whole.undecided)
    if request.method != "POST" or moved:
        context = {"campaign": campaign, "review": review, "moved": moved}
        return render(request, "reviews/close.html", context, status=409 if moved else 200)
    if review_work.close(review, request.user.username):
        messages.success(request, "Closed. What was revoked is still watched.")
    else:  # another window was faster
        messages.error(request, CLOSED)
    return redirect("review", pk)


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    review = get_object_or_404(visible(), pk=pk)
    now = timezone.now()
    audit.record(request, "exported", f"review {review.pk}", form="jsonl")
    return StreamingHttpResponse(
        review_export.lines(review, request.user.username, now),
        content_type="application/jsonl; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{review_export.file_name(review, now)}"',
            "Cache-Control": "no-store, private",
        },
    )
