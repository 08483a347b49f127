"""Commands about what goes on inside containers, compared: exec, cp, export, top, stats, update."""

from tests.integration.differential.scenarios import Step, scenario

EXEC = (
    scenario(
        "exec",
        "docker run -d --name d-exec -e A=b busybox sleep 100",
        "docker exec d-exec echo hello",
        "docker exec d-exec sh -c 'echo out; echo err >&2; exit 3'",
        "docker exec -e C=d d-exec sh -c 'echo $A $C; pwd; id'",
        "docker exec -w /tmp -u 1000:1001 d-exec sh -c 'pwd; id; echo $HOME'",
        "docker exec -u nobody d-exec id",
        "docker exec d-exec env",
        "docker exec -t d-exec sh -c 'tty; echo $TERM'",
        Step("docker exec -i d-exec cat", stdin="one\ntwo\n"),
        Step("docker exec -i d-exec wc -c", stdin="x" * 1_000_000),
        Step("docker exec d-exec cat", stdin="not for you\n"),
        "docker exec d-exec sh -c 'grep -e Cap -e NoNew -e Seccomp: /proc/self/status'",
        "docker exec --privileged d-exec id",
        "docker exec -d d-exec sh -c 'echo made > /made'",
        "docker exec d-exec sh -c 'sleep 0.3; cat /made'",
        "docker inspect -f '{{{{json .ExecIDs}}}}' d-exec",
        "docker rm -f d-exec",
    ),
    scenario(
        "exec that cannot be",
        "docker exec nosuch true",
        "docker create --name d-exec busybox sleep 100",
        "docker exec d-exec true",
        "docker start d-exec",
        "docker exec d-exec nosuch",
        "docker exec d-exec /etc/passwd",
        "docker exec d-exec /etc",
        "docker exec -t d-exec nosuch",
        "docker exec -d d-exec nosuch",
        "docker exec -w /nosuch d-exec true",
        "docker exec -u nosuch d-exec true",
        "docker exec -u 0:nosuch d-exec true",
        "docker exec -d d-exec sh -c 'sleep 1000'",
        "docker kill d-exec",
        "docker exec d-exec true",
        "docker rm d-exec",
    ),
    scenario(
        "events of exec",
        "docker run -d --name d-exec --network none busybox sleep 100",
        "docker exec d-exec true",
        "docker exec d-exec sh -c 'exit 3'",
        Step(
            "docker events --since {start} --until {now} --filter container=d-exec --format json",
            json=True,
        ),
        "docker rm -f d-exec",
    ),
)

REGISTRIES = (
    scenario(
        "push",
        "docker tag page {registry}/page:1",
        "docker tag tool {registry}/page:2",
        Step("docker push {registry}/page:1", unordered=True),
        Step("docker push {registry}/page:1", unordered=True),
        Step("docker push -a {registry}/page", unordered=True),
        "docker push -q {registry}/page:2",
        "docker push {registry}/page:nosuch",
        "docker push {registry}/nosuch",
        "docker push nosuchimage",
        "docker push 127.0.0.1:9/page",
        "docker rmi {registry}/page:1 {registry}/page:2",
        Step("docker pull -a {registry}/page", unordered=True),
        Step(
            "docker images --format '{{{{.Repository}}}}:{{{{.Tag}}}}' {registry}/page",
            unordered=True,
        ),
        "docker rmi {registry}/page:1 {registry}/page:2",
        "docker pull -a {registry}/nosuch",
        "docker rmi busybox:1.36",
        Step("docker pull -aq busybox", unordered=True),
    ),
    scenario(
        "log in and search",
        "docker login -u me -p secret {registry}",
        "docker logout {registry}",
        "docker login -u me -p secret 127.0.0.1:9",
        "docker search --limit 200 busybox",
        "docker search --filter nosuch=x busybox",
        "docker search busybox",
    ),
)

INSIDE = (*EXEC, *REGISTRIES)
