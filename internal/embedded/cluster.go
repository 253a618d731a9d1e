package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"zhitong/internal/embedded/pgcluster"
)

// clustersOfRoot holds the clusters of data folders of root, whom Postgres does
// not run as, where the unprivileged user can reach them.
const clustersOfRoot = "/var/lib/zhitong"

// openCluster makes the data folder's cluster if need be and notes where it is.
// The caller holds postgres.lock.
func (k *keeper) openCluster(ctx context.Context) (*pgcluster.Cluster, error) {
	account, err := pgcluster.ServerAccount()
	if err != nil {
		return nil, err
	}
	binaries, err := pgcluster.FindBinaries(ctx, k.i.opts.Getenv("ZHITONG_PG_BIN"))
	if err != nil {
		return nil, err
	}
	c := &pgcluster.Cluster{Account: account}
	if c.Home, err = clusterHome(k.i.folder, account, k.i.opts.Getenv("ZHITONG_PG_DATA")); err != nil {
		return nil, err
	}
	if err := account.MakeDir(c.Home); err != nil {
		return nil, err
	}
	c.SocketDir = c.Home
	if len(c.SocketPath()) > socketPathMax {
		c.SocketDir = filepath.Join(os.TempDir(), "zt-"+k.i.folder.hash()+"-pg")
		if err := account.MakeDir(c.SocketDir); err != nil {
			return nil, err
		}
	}
	if c.Binaries, err = chooseBinaries(c, binaries); err != nil {
		return nil, err
	}
	if !c.Exists() {
		k.i.opts.Note("making the private Postgres cluster in " + c.Home)
	}
	if err := c.Init(ctx); err != nil {
		return nil, err
	}
	return c, writeNote(k.i.folder, c)
}

// clusterHome is where the cluster lives: as the user says, as has been noted,
// or by the rule.
func clusterHome(f folder, account pgcluster.Account, named string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	if noted, err := readNote(f); err == nil && noted.Exists() {
		return noted.Home, nil
	}
	if !account.OtherUser() {
		return f.postgres(), nil
	}
	if err := os.MkdirAll(clustersOfRoot, 0o755); err != nil {
		return "", fmt.Errorf("make folder for clusters: %w", err)
	}
	id, err := clusterID(f)
	return filepath.Join(clustersOfRoot, id), err
}

// clusterID names the cluster of a data folder outside it. It follows from the
// folder's path, so that a copy does not share the cluster, and from a random
// file in it, so that a folder made anew does not find the old one's cluster.
func clusterID(f folder) (string, error) {
	seed, err := os.ReadFile(f.postgresSeed())
	if errors.Is(err, os.ErrNotExist) {
		seed = []byte(rand.Text())
		err = os.WriteFile(f.postgresSeed(), seed, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("name the cluster: %w", err)
	}
	return folder{f.path + "\x00" + string(seed)}.hash(), nil
}

// chooseBinaries returns the newest for a new cluster, and those that have made
// it for one that exists.
func chooseBinaries(c *pgcluster.Cluster, installed []pgcluster.Binaries) (pgcluster.Binaries, error) {
	text, err := os.ReadFile(filepath.Join(c.Data(), "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return installed[0], nil
	}
	if err != nil {
		return pgcluster.Binaries{}, fmt.Errorf("version of the cluster: %w", err)
	}
	made := strings.TrimSpace(string(text))
	for _, b := range installed {
		if strconv.Itoa(b.Major) == made {
			return b, nil
		}
	}
	return pgcluster.Binaries{}, fmt.Errorf("the cluster in %s was made by PostgreSQL %s, installed is %d: install version %s, or remove that folder and rebuild the views from the log", c.Home, made, installed[0].Major, made)
}

// note is what postgres.json holds.
type note struct {
	Folder    string `json:"data_folder"`
	Home      string `json:"cluster"`
	SocketDir string `json:"socket_folder"`
}

// writeNote notes where the cluster is, whole or not at all.
func writeNote(f folder, c *pgcluster.Cluster) error {
	text, err := json.Marshal(note{Folder: f.path, Home: c.Home, SocketDir: c.SocketDir})
	if err == nil {
		err = os.WriteFile(f.postgresNote()+".new", append(text, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(f.postgresNote()+".new", f.postgresNote())
	}
	if err != nil {
		return fmt.Errorf("note the cluster: %w", err)
	}
	return nil
}

// readNote returns the cluster of a data folder as far as a client needs it, or
// os.ErrNotExist; a note that came with a copy of another folder is none.
func readNote(f folder) (*pgcluster.Cluster, error) {
	text, err := os.ReadFile(f.postgresNote())
	if err != nil {
		return nil, fmt.Errorf("look for the cluster: %w", err)
	}
	var n note
	if err := json.Unmarshal(text, &n); err != nil {
		return nil, fmt.Errorf("%s: %w", f.postgresNote(), err)
	}
	if n.Folder != f.path {
		return nil, fmt.Errorf("%s is of data folder %s: %w", f.postgresNote(), n.Folder, os.ErrNotExist)
	}
	return &pgcluster.Cluster{Home: n.Home, SocketDir: n.SocketDir}, nil
}

// readOnly adds to an address, of either form, that transactions only read.
func readOnly(address string) string {
	const option = "-c default_transaction_read_only=on"
	if u, err := url.Parse(address); err == nil && u.Scheme != "" {
		query := u.Query()
		query.Set("options", strings.TrimSpace(query.Get("options")+" "+option))
		// libpq reads + as itself, not as a space.
		u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
		return u.String()
	}
	return address + " options='" + option + "'"
}
