"""A plain git remote: review and merge happen in Quarterdeck itself, and the merge moves the remote's own branch."""

from quarterdeck.outside.forge.port import Prepared, PullRequest, Repositories, Target


class BareForge:
    """`repos` is asked for all that touches a repository. Raises what it raises: Refused, TryLater."""

    name = "bare"
    methods = ("merge",)

    def __init__(self, repos: Repositories) -> None:
        self._repos = repos

    def publish(self, run: str, target: Target, *, head: str, title: str, body: str) -> PullRequest:
        """There is no page to publish on: the proposal is the platform's own, so this is nothing, any number of times."""
        return PullRequest()

    def prepare(self, run: str, target: Target, *, head: str, message: str, author: str, at: int) -> Prepared:
        old = self._repos.tip(run, target.url, target.branch, access=target.access)
        preview = self._repos.preview(run, old, head)
        if not preview.clean:
            return Prepared(old=old, new="", conflicts=preview.conflicts)
        return Prepared(old, self._repos.merge_commit(run, old, head, message=message, author=author, at=at))

    def landed(self, run: str, target: Target, prepared: Prepared) -> bool:
        return self._repos.holds(
            run, target.url, target.branch, old=prepared.old, new=prepared.new, access=target.access
        )

    def land(self, run: str, target: Target, prepared: Prepared) -> bool:
        return self._repos.publish(
            run, target.url, target.branch, old=prepared.old, new=prepared.new, access=target.access
        )
